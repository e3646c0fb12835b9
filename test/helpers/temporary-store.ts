import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openStore, type OpenOptions } from '../../src/store/open.ts';
import type { NewChange, Store } from '../../src/store/types.ts';

/** A folder that is removed after the test. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-store-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A fresh store in a folder of its own, closed and removed after the test. */
export function temporaryStore(t: ExecutionContext, options: Partial<OpenOptions> = {}): Store {
  const path = join(temporaryFolder(t), 'portreeve.db');
  return openedStore(t, { path, mode: 'read_write', ...options });
}

/** One more connection to a store, closed after the test. */
export function openedStore(
  t: ExecutionContext,
  options: Partial<OpenOptions> & Pick<OpenOptions, 'path' | 'mode'>,
): Store {
  const store = openStore({ now: 0, ...options });
  t.teardown(() => store.close());
  return store;
}

/** A row for `changes` that says nothing in particular. */
export function anyChange(selector = 'thing'): NewChange {
  return { tenant: 'default', at: 7, actor: 'tester', why: 'test', kind: 'test', selector, detail: { a: 1 } };
}
