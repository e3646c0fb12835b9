import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { canonicalConfig, configDigest } from '../../../src/config/digest.ts';
import type { Config } from '../../../src/config/types.ts';
import { folder, full, inspect, withLine } from './helpers/file.ts';

function load(text: string): Config {
  const { config, problems } = inspect(text);
  if (!config) throw new Error(JSON.stringify(problems));
  return config;
}

test('the digest is the same for the same meaning, however it is written', (t) => {
  const digest = configDigest(load(full));
  t.regex(digest, /^[0-9a-f]{64}$/);
  t.is(configDigest(load(full.replace('budget: 200ms', 'budget: "0s200ms" # the same'))), digest);
  t.is(configDigest({ ...load(full), file: '/elsewhere/portreeve.yaml' }), digest);
  const reversed = Object.fromEntries(Object.entries(load(full)).toReversed()) as unknown as Config;
  t.is(configDigest(reversed), digest);
});

test('the digest changes with any value', (t) => {
  const digest = configDigest(load(full));
  t.not(configDigest(load(withLine('keep: 7', 'keep: 8'))), digest);
  t.not(configDigest(load(withLine('who: J. Martin', 'who: K. Martin'))), digest);
});

test('what a key file holds is neither in the digest nor in what is kept', (t) => {
  const secret = 'c2VjcmV0LWtleS1ieXRlcw';
  const before = configDigest(load(full));
  writeFileSync(join(folder, 'tls/server.key'), secret);
  const config = load(full);
  t.is(configDigest(config), before);
  t.false(canonicalConfig(config).includes(secret));
});

test('what is kept is plain JSON that makes the same digest again', (t) => {
  const config = load(full);
  const again = JSON.parse(canonicalConfig(config)) as Config;
  t.is(configDigest(again), configDigest(config));
  t.false('file' in again);
});
