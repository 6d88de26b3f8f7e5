/**
 * The outbox in the browser's own database, so that a reload, a crash or a closed tab loses nothing.
 *
 * Each page sends its own operations; a record says whose it is. A page holds a lock of its name for as long as it lives
 * (Web Locks), so records of a page whose lock is free were left behind: they are taken over by the next page that opens,
 * or by one that was open already, in one transaction, so that nobody takes what another took. Where there are no locks,
 * everything that is found counts as left behind: then two pages may send the same operation, which has one effect.
 */
import type { OutboxStorage, StoredOperation } from './outbox-storage.ts';

interface OutboxRecord {
  readonly id: string;
  readonly page: string;
  readonly operation: StoredOperation;
}

/**
 * Keeps operations in the IndexedDB database `daybook-{name}`, which is opened at the first use.
 *
 * One name is one outbox: give each application of an origin its own. Operations carry their user and version, and those
 * of others are parked by the outbox. In a window that allows no database every call rejects, and the outbox says of each
 * operation that it is not stored.
 */
export function indexedDb(name: string): OutboxStorage {
  return new IndexedDbStorage(`daybook-${name}`);
}

class IndexedDbStorage implements OutboxStorage {
  readonly #name: string;
  readonly #page: string = crypto.randomUUID();
  readonly #closing = new AbortController();
  #opened: Promise<IDBDatabase> | undefined;
  #held: Promise<void> | undefined;
  #release: () => void = () => undefined;
  #left: (operations: readonly StoredOperation[]) => void = () => undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async load(): Promise<readonly StoredOperation[]> {
    await this.#hold();
    const pages = await livingPages(this.#name);
    const found = await this.#takeOver((page) => page === this.#page || !pages.has(page));
    for (const page of pages) if (page !== this.#page) void this.#outlive(page);
    return found;
  }

  onLeft(listener: (operations: readonly StoredOperation[]) => void): void {
    this.#left = listener;
  }

  async put(operation: StoredOperation): Promise<void> {
    await this.#hold();
    const record: OutboxRecord = { id: operation.id, page: this.#page, operation };
    await this.#run('readwrite', (store) => store.put(record));
  }

  async remove(id: string): Promise<void> {
    await this.#run('readwrite', (store) => store.delete(id));
  }

  close(): void {
    this.#closing.abort();
    this.#release();
    void this.#opened?.then(
      (database) => database.close(),
      () => undefined,
    );
    this.#opened = undefined;
  }

  /** Resolves when this page has its lock, which it keeps until it is gone. */
  #hold(): Promise<void> {
    this.#held ??= new Promise((resolve) => {
      const locks = locksOf();
      if (locks === undefined) resolve();
      void locks
        ?.request(lockOf(this.#name, this.#page), () => {
          resolve();
          return new Promise<void>((release) => (this.#release = release));
        })
        .catch(() => resolve());
    });
    return this.#held;
  }

  /** Waits until another page is gone, and takes what it left. */
  async #outlive(page: string): Promise<void> {
    const { signal } = this.#closing;
    try {
      await locksOf()?.request(lockOf(this.#name, page), { signal }, async () => {
        const left = await this.#takeOver((owner) => owner === page);
        if (left.length > 0 && !signal.aborted) this.#left(left);
      });
    } catch {
      // This page closes first, or its database is gone: the next page takes it.
    }
  }

  async #takeOver(isLeft: (page: string) => boolean): Promise<readonly StoredOperation[]> {
    const taken: StoredOperation[] = [];
    await this.#run('readwrite', (store) => {
      const all = store.getAll() as IDBRequest<OutboxRecord[]>;
      all.addEventListener('success', () => {
        for (const record of all.result) {
          if (!isLeft(record.page)) continue;
          taken.push(record.operation);
          store.put({ ...record, page: this.#page });
        }
      });
    });
    return taken;
  }

  async #run(mode: IDBTransactionMode, work: (store: IDBObjectStore) => unknown): Promise<void> {
    this.#opened ??= open(this.#name, () => (this.#opened = undefined));
    const database = await this.#opened;
    // Strict: what was put is on the disk, where the browser knows how.
    const transaction = database.transaction(STORE, mode, { durability: 'strict' });
    work(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.addEventListener('complete', () => resolve());
      transaction.addEventListener('abort', () => reject(errorOf(transaction.error)));
    });
  }
}

/** @param lost called when the database is not to be used any more, and has to be opened again. */
function open(name: string, lost: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    request.addEventListener('upgradeneeded', () => {
      request.result.createObjectStore(STORE, { keyPath: 'id' });
    });
    request.addEventListener('error', () => {
      lost();
      reject(errorOf(request.error));
    });
    request.addEventListener('success', () => {
      const database = request.result;
      // Another window has a newer version of us: it may not wait for this one.
      database.addEventListener('versionchange', () => {
        database.close();
        lost();
      });
      database.addEventListener('close', lost);
      resolve(database);
    });
  });
}

/** Pages whose lock is held. */
async function livingPages(name: string): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locksOf()?.query()) ?? {};
  const prefix = lockOf(name, '');
  return new Set(
    held.flatMap((lock) => (lock.name?.startsWith(prefix) ? [lock.name.slice(prefix.length)] : [])),
  );
}

function lockOf(name: string, page: string): string {
  return `${name}/${page}`;
}

function locksOf(): LockManager | undefined {
  return (globalThis as { readonly navigator?: Partial<Navigator> }).navigator?.locks;
}

function errorOf(error: DOMException | null): Error {
  return error ?? new Error('The database gave no reason.');
}

const STORE = 'operations';
const VERSION = 1;
