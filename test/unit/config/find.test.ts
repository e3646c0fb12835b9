import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { findConfigFile } from '../../../src/config/find.ts';

const empty = () => mkdtempSync(join(tmpdir(), 'portreeve-find-'));

test('the option goes before the environment, that before the usual files', (t) => {
  const folder = empty();
  mkdirSync(join(folder, '.portreeve'));
  writeFileSync(join(folder, '.portreeve/portreeve.yaml'), '');
  t.is(findConfigFile(undefined, undefined, folder), join(folder, '.portreeve/portreeve.yaml'));
  writeFileSync(join(folder, 'portreeve.yaml'), '');
  t.is(findConfigFile(undefined, undefined, folder), join(folder, 'portreeve.yaml'));
  t.is(findConfigFile(undefined, 'env.yaml', folder), join(folder, 'env.yaml'));
  t.is(findConfigFile('/etc/option.yaml', 'env.yaml', folder), '/etc/option.yaml');
});

test('an option without a name is told, and no other file taken in its place', (t) => {
  const folder = empty();
  writeFileSync(join(folder, 'portreeve.yaml'), '');
  t.throws(() => findConfigFile('', 'env.yaml', folder), { code: 'PDP_USAGE', message: /--config.*empty/ });
});

test('without any, the error says how to name one', (t) => {
  t.throws(() => findConfigFile(undefined, '', empty()), {
    code: 'PDP_CONFIG_INVALID',
    message: /--config FILE.*PORTREEVE_CONFIG/,
  });
});
