import test from 'ava';
import { importedPath, sourceFiles, type SourceFile } from '../helpers/source-files.ts';

/** Floors of the house, top first. Rooms on one floor do not import each other. */
const floors: readonly (readonly string[])[] = [
  ['cli'],
  ['server', 'workshop'],
  ['api'],
  ['audit'],
  ['decision'],
  ['policy', 'revocation', 'inventory', 'attestation'],
  ['identity'],
  ['context', 'store', 'telemetry'],
  ['config'],
  ['lib'],
];

/** `config` describes what rooms are given, so it may name the types of the policy's class rules; nothing else goes up. */
const typeOnlyUpwards: readonly (readonly [from: string, to: string])[] = [
  ['src/config/', 'src/policy/types.ts'],
];

const importersOfCa: readonly string[] = ['cli', 'workshop', 'ca'];

/** Packages and built-ins that only certain places may import. */
const confined: readonly (readonly [pattern: RegExp, allowed: RegExp])[] = [
  [/^@grpc\//, /^src\/(api|server)\//],
  [/^(grpc-health-check|node:http|node:https|node:http2)$/, /^src\/(api|server)\//],
  [/^@peculiar\/x509$/, /^src\/ca\//],
  [/^@open-policy-agent\/opa-wasm$/, /^src\/policy\/engine\.ts$/],
  [/^jose$/, /^src\/(attestation|policy\/signatures|server\/sources)\//],
  [/^node:sqlite$/, /^src\/store\//],
  [/^@opentelemetry\/(sdk-|exporter-|resources|otlp-)/, /^src\/server\//],
];

const files = sourceFiles('src');

function roomOf(path: string): string | undefined {
  return /^src\/([a-z]+)\//.exec(path)?.[1];
}

function floorOf(room: string): number {
  return floors.findIndex((floor) => floor.includes(room));
}

function mayImport(from: SourceFile, to: string): boolean {
  const [fromRoom, toRoom] = [roomOf(from.path), roomOf(to)];
  if (fromRoom === undefined) return true;
  if (toRoom === undefined || fromRoom === toRoom) return true;
  if (toRoom === 'ca') return importersOfCa.includes(fromRoom);
  if (fromRoom === 'ca') return toRoom === 'lib';
  if (typeOnlyUpwards.some(([room, target]) => from.path.startsWith(room) && to === target)) return true;
  return floorOf(fromRoom) < floorOf(toRoom);
}

test('every folder of src/ is a room of the design', (t) => {
  const rooms = new Set(files.map((file) => roomOf(file.path)).filter((room) => room !== undefined));
  t.deepEqual(
    [...rooms].filter((room) => room !== 'ca' && floorOf(room) === -1),
    [],
  );
});

test('imports only go down the house', (t) => {
  const wrong = files.flatMap((file) =>
    file.imports
      .map((specifier) => importedPath(file, specifier))
      .filter((to) => to !== undefined && !mayImport(file, to))
      .map((to) => `${file.path} imports ${to}`),
  );
  t.deepEqual(wrong, []);
});

test('each outside part is imported only where the design puts it', (t) => {
  const wrong = files.flatMap((file) =>
    confined
      .filter(([, allowed]) => !allowed.test(file.path))
      .flatMap(([pattern]) => file.imports.filter((specifier) => pattern.test(specifier)))
      .map((specifier) => `${file.path} imports ${specifier}`),
  );
  t.deepEqual(wrong, []);
});

test('clock, environment and console are touched only in their places', (t) => {
  const wrong = files.flatMap((file) => {
    const code = file.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
    const uses: string[] = [];
    if (!/^src\/(lib\/clock\.ts|config\/|cli\/)/.test(file.path)) {
      if (/\bnew Date\b|\bDate\.(now|UTC|parse)\b|\bperformance\.now\b/.test(code)) uses.push('the clock');
      if (/\bprocess\.env\b/.test(code)) uses.push('process.env');
      if (/\bconsole\./.test(code)) uses.push('console');
    }
    return uses.map((use) => `${file.path} uses ${use}`);
  });
  t.deepEqual(wrong, []);
});

test('no test code is imported by the product', (t) => {
  const wrong = files.filter((file) =>
    file.imports.some((specifier) => /\btest\/|^ava$|^fast-check$/.test(specifier)),
  );
  t.deepEqual(
    wrong.map((file) => file.path),
    [],
  );
});
