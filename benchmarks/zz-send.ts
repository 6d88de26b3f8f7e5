import { hash } from 'node:crypto';
import { daybook, memory, uuidV7 } from '@daybook/core';
import { account } from '../packages/core/test/bank.ts';
const now = () => Date.now();
const platform = { now, newId: uuidV7(now), sha256: (t: string) => hash('sha256', t) };
const app = await daybook({ deciders: [account] }).start({ store: memory(platform) });
const N = 24000;
for (let r = 0; r < 6; r++) {
  for (let i = 0; i < 2000; i++) await app.face.send({ kind: 'command', decider: 'account', id: 'a' + r + '-' + i, command: 'OpenAccount', data: { owner: 'x' } }, { id: platform.newId() });
  const c = process.cpuUsage(); const s = performance.now();
  for (let i = 0; i < N; i++) { await app.face.send({ kind: 'command', decider: 'account', id: 'a' + r + '-' + (i % 2000), command: 'DepositMoney', data: { cents: i + 1 } }, { id: platform.newId() }); }
  const u = process.cpuUsage(c);
  console.log('send us CPU', ((u.user + u.system) / N).toFixed(1), 'wall', ((performance.now() - s) * 1000 / N).toFixed(1));
}
await app.close();
