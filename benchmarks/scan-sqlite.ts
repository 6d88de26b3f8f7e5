// How fast is the whole log read, page by page?
import { filledLogs } from './src/kept.ts';
import { answer, isQuick } from './src/question.ts';
import { timed, type Contender } from './src/sample.ts';
import { withScratch } from './src/scratch.ts';

const EVENTS = isQuick ? 20_000 : 200_000;
const PAGE = 1_000;

await withScratch(async (folder) => {
  const logs = await filledLogs(folder, { accounts: 1_000, movements: EVENTS - 1_000 });
  const { events } = logs;
  try {
    await answer({
      name: 'scan-sqlite',
      question: 'How fast is the whole log read, page by page?',
      method: [
        `${EVENTS} events in pages of ${PAGE}, in the page cache of the system. Ours is \`EventStore.read\`, each page checked by the mark of the one before, ends on a commit, and parsed into events; a second row asks every event for its metadata, which a store may parse late.`,
        'By hand: one prepared `SELECT … WHERE position > ? ORDER BY position LIMIT ?`, rows as arrays, `JSON.parse` of data and metadata.',
      ],
      unit: 'event',
      contenders: [
        scan('Daybook', () => ours(false)),
        scan('Daybook, metadata too', () => ours(true)),
        scan('raw pages and JSON.parse', () => raw(true)),
        scan('raw pages and JSON.parse of data only', () => raw(false)),
      ],
      targets: [
        { ...row('Daybook', 'raw pages and JSON.parse'), atLeast: 0.6, aim: 0.85 },
        {
          ...row('Daybook, metadata too', 'raw pages and JSON.parse'),
          what: 'the same, metadata too',
        },
        row('Daybook', 'raw pages and JSON.parse of data only'),
      ],
    });
  } finally {
    await logs.close();
  }

  async function ours(isMetadataAsked: boolean): Promise<number> {
    let count = 0;
    let cents = 0;
    for (let after = { position: -1, mark: '' }; ;) {
      const page = await events.read({ after, limit: PAGE });
      for (const event of page.events) {
        cents += centsOf(event.data);
        if (isMetadataAsked && event.metadata.actor === undefined) throw new Error('no actor');
        count += 1;
      }
      after = page.scannedTo;
      if (after.position >= page.head.position) break;
    }
    if (cents === 0) throw new Error('the events hold nothing');
    return count;
  }

  function raw(isMetadataParsed: boolean): number {
    let count = 0;
    let cents = 0;
    for (let after = -1; ;) {
      const page = logs.raw.page(after, PAGE);
      for (const [position, , , , data, metadata] of page) {
        cents += centsOf(JSON.parse(data));
        if (isMetadataParsed) JSON.parse(metadata);
        after = position;
        count += 1;
      }
      if (page.length < PAGE) break;
    }
    if (cents === 0) throw new Error('the events hold nothing');
    return count;
  }
});

function scan(name: string, work: () => Promise<number> | number): Contender {
  return {
    name,
    run: () =>
      timed(async () => {
        const count = await work();
        if (count !== EVENTS) throw new Error(`${name} read ${count} events of ${EVENTS}`);
        return count;
      }),
  };
}

function row(
  ours: string,
  theirs: string,
): { what: string; against: string; ours: string; theirs: string; measure: 'rate' } {
  return { what: 'scan the log', against: theirs, ours, theirs, measure: 'rate' };
}

function centsOf(data: unknown): number {
  return (data as { readonly cents?: number }).cents ?? 0;
}
