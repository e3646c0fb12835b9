import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import test from 'ava';
import { statusTable } from '../../src/api/status-table.ts';
import { configSchema } from '../../src/config/schema.ts';
import { attribute, metric } from '../../src/telemetry/names.ts';
import { reasonCodes } from '../../src/lib/reason-code.ts';
import { tableRows } from '../helpers/markdown.ts';
import { root, sourceFiles } from '../helpers/source-files.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const written = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.md'),
);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...written.map((name) => `docs/${name}`),
];

test('every dependency has its reason in CONTRIBUTING.md, and every reason its dependency', (t) => {
  const manifest = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Readonly<Record<string, string>>
  >;
  const rows = tableRows(read('CONTRIBUTING.md'), 'package').filter(([name]) => !name?.startsWith('tools:'));
  const named = (development: boolean): readonly string[] =>
    rows
      .filter(([name]) => name?.startsWith('dev:') === development)
      .flatMap(([name]) => [...(name ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] as string));
  for (const [kind, development] of [
    ['dependencies', false],
    ['devDependencies', true],
  ] as const) {
    const packages = Object.keys(manifest[kind]);
    const reasons = named(development);
    const covers = (reason: string, name: string): boolean =>
      reason.endsWith('/*') ? name.startsWith(reason.slice(0, -1)) : reason === name;
    t.deepEqual(
      packages.filter((name) => !reasons.some((reason) => covers(reason, name))),
      [],
      `${kind} without a reason`,
    );
    t.deepEqual(
      reasons.filter((reason) => !packages.some((name) => covers(reason, name))),
      [],
      `reasons for what is no longer among ${kind}`,
    );
  }
  t.deepEqual(
    rows.filter(([, why]) => (why ?? '').length < 10),
    [],
  );
});

test('the package depends on exactly the packages that its sources import', (t) => {
  const manifest = JSON.parse(read('package.json')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const imported = sourceFiles('src')
    .flatMap((file) => file.imports)
    .filter((specifier) => !/^(\.|node:)/.test(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  t.deepEqual([...new Set(imported)].sort(), Object.keys(manifest.dependencies).sort());
});

test('the status table of docs/wire.md is the one of the code', (t) => {
  const rows = Object.entries(statusTable).map(([row, { when, http, grpc, retryAfter }]) => [
    `\`${row}\``,
    when,
    http === null ? '–' : String(http),
    String(grpc),
    retryAfter ? 'yes' : 'no',
  ]);
  t.deepEqual(tableRows(read('docs/wire.md'), 'row'), rows);
});

test('what the pages name exists: files, make targets, reasons, metrics', (t) => {
  const targets = new Set(
    [...read('Makefile').matchAll(/^([a-z0-9 -]+):/gm)].flatMap((match) => match[1]?.split(' ')),
  );
  const codes: ReadonlySet<string> = new Set(reasonCodes);
  const groups = new Set(reasonCodes.map((code) => code.split('.')[0]));
  const metrics = Object.values(metric).map((name) => name.replaceAll('.', '_'));
  for (const page of pages) {
    const text = read(page);
    for (const [, link] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (!/^[a-z]+:/.test(link as string))
        t.true(existsSync(resolve(root, dirname(page), link as string)), `${page} links to ${link}`);
    }
    for (const [, target] of text.matchAll(/`make ([a-z-]+)`/g))
      t.true(targets.has(target), `${page}: make ${target}`);
    for (const [, code] of text.matchAll(/`([a-z]+\.[a-z_]+)`/g)) {
      if (groups.has((code as string).split('.')[0]) && !otherNames.has(code as string))
        t.true(codes.has(code as string), `${page}: reason ${code}`);
    }
    for (const [name] of text.matchAll(/portreeve_[a-z_]+[a-z]/g)) {
      t.true(
        metrics.some((one) => (name === one ? true : name.startsWith(`${one}_`))),
        `${page}: metric ${name}`,
      );
    }
  }
});

/** Files, kinds of changes, configuration keys and attributes of telemetry that look like reasons. */
const otherNames: ReadonlySet<string> = new Set<string>([
  'hold.add',
  'hold.expired',
  'hold.lift',
  'policy.rollback',
  'policy.unpin',
  'policy.yaml',
  ...configurationKeys(configSchema as SchemaNode),
  ...Object.values(attribute),
]);

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly [key: string]: unknown;
}

/** Every key that stands within another one, as `outer.inner`, wherever in the configuration. */
function configurationKeys(node: SchemaNode, outer?: string): string[] {
  const below = Object.entries(node).flatMap(([key, value]): string[] =>
    key !== 'properties' && typeof value === 'object' && value !== null
      ? configurationKeys(value as SchemaNode, outer)
      : [],
  );
  const own = Object.entries(node.properties ?? {}).flatMap(([name, inner]) => [
    ...(outer === undefined ? [] : [`${outer}.${name}`]),
    ...configurationKeys(inner, name),
  ]);
  return [...below, ...own];
}
