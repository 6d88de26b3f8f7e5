import { Client } from 'pg';
import { expect, it } from 'vitest';

import { onEveryServer } from './live.ts';

onEveryServer('a server for tests', ({ url, name }) => {
  it('is real: it syncs what it commits, and is the version that it is called', async () => {
    const client = new Client(url);
    await client.connect();
    const { rows } = await client.query(
      "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, split_part(current_setting('server_version'), ' ', 1) AS version",
    );
    await client.end();
    expect(rows).toEqual([{ fsync: 'on', commit: 'on', version: name.split(' ')[1] }]);
  });
});
