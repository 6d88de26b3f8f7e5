/* A disk that fails, or takes its process with it, when it is told to; see broken-disk.ts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_file(int fd, const char *wanted, int with_suffix) {
  char link[64], path[4096];
  if (wanted == NULL || fd < 3) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return with_suffix ? strncmp(path, wanted, strlen(wanted)) == 0 : strcmp(path, wanted) == 0;
}

static void control(char *path, size_t size, const char *name) {
  snprintf(path, size, "%s/%s", getenv("DISK_CONTROL"), name);
}

static int must_fail(int fd) {
  char path[4096];
  if (!is_file(fd, getenv("DISK_SYNC_FILE"), 0)) return 0;
  control(path, sizeof path, "count");
  int count = open(path, O_WRONLY | O_APPEND);
  if (count >= 0) {
    if (write(count, ".", 1) != 1) abort();
    close(count);
  }
  control(path, sizeof path, "fail-once");
  if (unlink(path) == 0) return 1;
  control(path, sizeof path, "fail");
  return access(path, F_OK) == 0;
}

static int sync_or_fail(int fd, const char *name) {
  if (must_fail(fd)) {
    errno = EIO;
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  return real(fd);
}

int fsync(int fd) { return sync_or_fail(fd, "fsync"); }
int fdatasync(int fd) { return sync_or_fail(fd, "fdatasync"); }

typedef ssize_t (*pwrite_function)(int, const void *, size_t, off_t);

static ssize_t write_or_die(int fd, const void *data, size_t size, off_t at, const char *name) {
  static int writes = 0;
  pwrite_function real = (pwrite_function)dlsym(RTLD_NEXT, name);
  const char *die_at = getenv("DISK_DIE_AT");
  if (die_at != NULL && is_file(fd, getenv("DISK_WRITE_FILE"), 1)) {
    if (__sync_add_and_fetch(&writes, 1) == atoi(die_at)) {
      /* Half of it arrives. */
      if (real(fd, data, size / 2, at) < 0) abort();
      kill(getpid(), SIGKILL);
      pause();
    }
  }
  return real(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  return write_or_die(fd, data, size, at, "pwrite");
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  return write_or_die(fd, data, size, at, "pwrite64");
}
