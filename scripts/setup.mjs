// Installs what is missing, and nothing else: npm's own record of what it installed is compared with
// the lockfile. Plain JavaScript for Node 20, since it runs before the repository has its own Node.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const lock = join(root, '.cache', 'setup.lock');
const lockWaitMsMax = 600_000;
const isWindows = process.platform === 'win32';

if (!isInstalled()) {
  await takeLock();
  try {
    // Another run may have installed everything while this one waited.
    if (!isInstalled()) install();
  } finally {
    rmSync(lock, { force: true });
  }
}
if (process.exitCode === undefined) assertNode();

/** Whether every locked package that this machine can have is there in its locked version. */
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const found = readPackages('node_modules/.package-lock.json');
  return Object.entries(wanted).every(([path, { version, link, optional, os, cpu, libc }]) => {
    // The root and the workspaces themselves are in git; only the links to them are installed.
    if (!path.startsWith('node_modules/')) return true;
    const installed = found[path];
    if (installed !== undefined) return installed.version === version && installed.link === link;
    // An optional package may be missing where it cannot run; what only such a package needs names no platform.
    if (optional !== true) return false;
    return (
      os === undefined ||
      libc !== undefined ||
      !fits(os, process.platform) ||
      !fits(cpu, process.arch)
    );
  });
}

function readPackages(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

function fits(allowed, actual) {
  return allowed === undefined || allowed.includes(actual);
}

function install() {
  console.error('Installing what is missing (npm ci) …');
  const { status, error } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    // npm stays on the host's Node: the one in node_modules/.bin is about to be replaced.
    env: withPath(searchPath().filter((folder) => !folder.endsWith(join('node_modules', '.bin')))),
    shell: isWindows,
    // Standard output belongs to the script that asked for the setup.
    stdio: ['ignore', 2, 2],
  });
  if (status === 0) return;
  console.error(
    `npm ci failed (${error?.message ?? `exit code ${status}`}), so the packages of package-lock.json ` +
      "are not installed. npm's own message stands above: mend what it says and run the script again.",
  );
  process.exitCode = 1;
}

/** Ends the script with a sentence when the Node that npm scripts use here is not the right one. */
function assertNode() {
  const { status } = spawnSync('node', [join(root, 'scripts', 'assert-node.mjs')], {
    env: withPath([join(root, 'node_modules', '.bin'), ...searchPath()]),
    shell: isWindows,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exitCode = 1;
}

function searchPath() {
  return (process.env['PATH'] ?? '').split(delimiter);
}

function withPath(folders) {
  return { ...process.env, PATH: folders.join(delimiter) };
}

/** Waits until no other run of this script is installing; the lock of a run that died is taken over. */
async function takeLock() {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const until = Date.now() + lockWaitMsMax;
  while (!tryLock()) {
    if (Date.now() > until) {
      throw new Error(`Another setup holds ${lock} for too long: end it, or remove the file.`);
    }
    if (!isHeld()) rmSync(lock, { force: true });
    else await delay(100);
  }
}

function tryLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isHeld() {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // The file is empty for the instant between its creation and its writing.
    if (pid === 0) return Date.now() - statSync(lock).mtimeMs < 5_000;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
