/** Ends while its stores are open and their workers asleep. */
import { sqlite } from '@daybook/sqlite';

const [, , path = ''] = process.argv;
const store = await sqlite(path).open();
store.events.onAppended(() => undefined);
console.log('open');
process.exit(0);
