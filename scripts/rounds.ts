/**
 * How often a fault loop runs: all of `full` under `npm run soak`, a tenth in `npm test`, never less than once.
 *
 * `ROUNDS` overrides the share: `ROUNDS=0.5 npm test` runs half of each loop.
 */
export function rounds(full: number): number {
  const share = Number(process.env['ROUNDS'] ?? 0.1);
  if (!Number.isFinite(share) || share <= 0) {
    throw new RangeError(
      `ROUNDS is the share of each fault loop to run, a number above 0 such as 0.1, not "${process.env['ROUNDS']}".`,
    );
  }
  return Math.max(1, Math.round(full * share));
}
