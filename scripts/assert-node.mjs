// Plain JavaScript that an old Node can read: it exists to be run by the wrong one.

const [major, minor] = process.versions.node.split('.').map(Number);

if (major !== 24 || minor < 15) {
  console.error(
    `Daybook's scripts need Node 24.15 or a later 24, and this is ${process.version} (${process.execPath}). ` +
      'Node 24 runs the TypeScript sources as they stand and carries the SQLite that the stores need. ' +
      'Run the script through npm (`npm test`, `npm start`) or `npx`, which use the Node that `npm ci` ' +
      'brings; where it brings none (macOS, or `--omit=optional`), install Node 24 and try again.',
  );
  process.exit(1);
}
