/* fsync and fdatasync that fail when they are told to; see failing-sync.ts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_watched(int fd) {
  const char *watched = getenv("SYNC_FILE");
  char link[64], path[4096];
  if (watched == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return strcmp(path, watched) == 0;
}

static void control(char *path, size_t size, const char *name) {
  snprintf(path, size, "%s/%s", getenv("SYNC_CONTROL"), name);
}

static int must_fail(int fd) {
  char path[4096];
  if (!is_watched(fd)) return 0;
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
