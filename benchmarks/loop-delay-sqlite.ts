// How long does the user's event loop stand still while 1,024 appends are pending?
import { groupOnMainThread, ours } from './src/append-contenders.ts';
import { answer } from './src/question.ts';

await answer({
  name: 'loop-delay-sqlite',
  question: "How long does the user's event loop stand still while 1,024 appends are pending?",
  method: [
    'The load of `append-sqlite` with 1,024 callers, all in the process whose loop is watched (`monitorEventLoopDelay`, 1 ms, less its own interval): making the requests and taking the answers is part of what holds it up, on both sides alike.',
    'Against group commit by hand on the main thread, which writes the same rows: what waits in one turn of the loop is one transaction.',
  ],
  unit: 'append',
  rounds: 11,
  contenders: [ours(1_024), groupOnMainThread(1_024)],
  targets: [
    {
      what: 'event-loop delay p99, 1,024 pending',
      against: 'group commit on the main thread',
      ours: 'Daybook, 1024 pending',
      theirs: 'group commit on the main thread, 1024 pending',
      measure: 'loop-delay',
      atLeast: 0.35,
      aim: 0.15,
    },
    {
      what: 'appends a second, 1,024 pending',
      against: 'group commit on the main thread',
      ours: 'Daybook, 1024 pending',
      theirs: 'group commit on the main thread, 1024 pending',
      measure: 'rate',
    },
  ],
});
