// How fast are durable appends on SQLite, alone and many at once?
import {
  bareLoop,
  bulk,
  emmettAppends,
  ours,
  sameRowsLoop,
  transactionEach,
} from './src/append-contenders.ts';
import { emmett, isThere } from './src/emmett.ts';
import { answer } from './src/question.ts';

const peer = await emmett();

await answer({
  name: 'append-sqlite',
  question: 'How fast are durable appends of one event on SQLite, alone and many at once?',
  method: [
    'Closed load: each pending caller sends its next append when the one before was answered; 300 ms a round after 150 ms to warm up, each round on a new file. One event of about 250 bytes of JSON, its stream revision expected. Ours are `append` of `sqliteEventStore(file)`: every append has an id, which is looked up, a content hash, and an outcome row in the transaction of its event, and each event a mark of SHA-256.',
    'By hand: `node:sqlite` on the main thread, WAL, `synchronous=FULL`, pages of 8 KiB, prepared statements, JSON made in the loop. The bare loop and the bulk write only the event; *same rows* write what ours do, and look the id up.',
    'Emmett in its default set-up (a connection for each operation, `synchronous=FULL`), one append at a time: with more, its appends fail with SQLITE_BUSY, so there is nothing to compare.',
  ],
  unit: 'append',
  rounds: 11,
  contenders: [
    ours(1),
    bareLoop(),
    sameRowsLoop(),
    ...(isThere(peer) ? [emmettAppends(peer)] : []),
    ours(128),
    transactionEach(128),
    ours(1_024),
    transactionEach(1_024),
    bulk(false),
    bulk(true),
  ],
  skipped: new Map(isThere(peer) ? [] : [['Emmett', peer.reason]]),
  targets: [
    row('append, 1 pending', 1, 'bare INSERT loop', 0.75, 0.9),
    row('append, 1 pending', 1, 'Emmett', 6, 10),
    row('append, 128 pending', 128, 'a transaction each, 128 pending', 10, 15),
    row('append, 1,024 pending', 1_024, 'a transaction each, 1024 pending', 15, 25),
    row('append, 1,024 pending', 1_024, 'bulk of 500, events only', 0.15, 0.3),
    row('append, 1 pending', 1, 'same rows by hand'),
    row('append, 1,024 pending', 1_024, 'bulk of 500, same rows'),
    {
      what: 'ids, outcomes and marks by hand, 1 pending',
      against: 'bare INSERT loop',
      ours: 'same rows by hand',
      theirs: 'bare INSERT loop',
      measure: 'rate',
    },
    {
      what: 'ids, outcomes and marks by hand, bulk',
      against: 'bulk of 500, events only',
      ours: 'bulk of 500, same rows',
      theirs: 'bulk of 500, events only',
      measure: 'rate',
    },
  ],
  remarks: [
    'What ids, outcomes and marks cost is the ratio of the two loops by hand: one more table, one more look-up and two hashes for each append.',
  ],
});

function row(
  what: string,
  pending: number,
  theirs: string,
  atLeast?: number,
  aim?: number,
): {
  readonly what: string;
  readonly against: string;
  readonly ours: string;
  readonly theirs: string;
  readonly measure: 'rate';
  readonly atLeast?: number;
  readonly aim?: number;
} {
  return {
    what,
    against: theirs.replace(/, \d+ pending$/, ''),
    ours: `Daybook, ${pending} pending`,
    theirs,
    measure: 'rate',
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(aim === undefined ? {} : { aim }),
  };
}
