import test from 'ava';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root, sourceFiles } from '../helpers/source-files.ts';

const hardLimit = 400;
const regoLimit = 100;

test('no file of src/ is longer than 400 lines', (t) => {
  const long = sourceFiles('src').filter((file) => file.lines > hardLimit);
  t.deepEqual(
    long.map((file) => `${file.path}: ${file.lines}`),
    [],
  );
});

test('half of the files of src/ have at most 130 lines and nine in ten at most 300', (t) => {
  const lines = sourceFiles('src')
    .map((file) => file.lines)
    .sort((a, b) => a - b);
  t.true((lines[Math.floor(lines.length / 2)] as number) <= 130);
  t.true((lines[Math.floor(lines.length * 0.9)] as number) <= 300);
});

test('files are named in kebab-case', (t) => {
  const odd = sourceFiles('src').filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(file.path)));
  t.deepEqual(
    odd.map((file) => file.path),
    [],
  );
});

test('no Rego rule is longer than 100 lines, and each has a test beside it', (t) => {
  const names = readdirSync(join(root, 'rego/portreeve'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.rego'));
  const rules = names.filter((name) => !name.endsWith('_test.rego'));
  t.true(rules.length > 5);
  const untested = rules.filter((name) => !names.includes(name.replace(/\.rego$/, '_test.rego')));
  t.deepEqual(untested, []);
  const long = sourceLines(rules).filter(([, lines]) => lines > regoLimit);
  t.deepEqual(long, []);
});

function sourceLines(names: readonly string[]): readonly (readonly [string, number])[] {
  return names.map((name) => [name, readLines(join(root, 'rego/portreeve', name))] as const);
}

function readLines(path: string): number {
  return readFileSync(path, 'utf8').split('\n').length - 1;
}
