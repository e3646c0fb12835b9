import test from 'ava';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { statusTable, rowOf } from '../../src/api/status-table.ts';
import { coarseClass } from '../../src/api/wire-body.ts';
import { catalogue, makeReason } from '../../src/decision/reasons.ts';
import type { Decision, Severity } from '../../src/decision/types.ts';
import { isReasonCode, reasonCodes } from '../../src/lib/reason-code.ts';
import type { ReasonCode } from '../../src/lib/reason-code.ts';
import type { ExpectedReason } from '../helpers/case-types.ts';
import { doorsOf } from '../helpers/case-doors.ts';
import { doorTable, fleet, readCases } from '../helpers/case-files.ts';
import { root } from '../helpers/source-files.ts';

const cases = readCases();

test('the catalogue has an entry for every code and no other', (t) => {
  t.deepEqual(Object.keys(catalogue).sort(), [...reasonCodes].sort());
});

/** Told in records beside those of decisions; test/unit/server/shadow/judge.test.ts has them. */
const besideDecisions: readonly ReasonCode[] = ['policy.shadow_would_deny'];

test('every code has a case that produces it, with the severity of the catalogue', (t) => {
  const produced = cases.flatMap(({ expect }) => expect.reasons);
  for (const code of reasonCodes.filter((one) => !besideDecisions.includes(one))) {
    const { severity } = catalogue[code];
    t.true(
      produced.some((reason) => reason[severity] === code),
      `${code} (${severity})`,
    );
  }
});

test('no case names a code that neither the catalogue has nor its policy declares', (t) => {
  for (const { title, expect } of cases) {
    for (const { deny, warn, info } of expect.reasons)
      t.true(isReasonCode(deny ?? warn ?? info ?? '') || isDeclared({ deny, warn, info }), title);
  }
});

function isDeclared(reason: Pick<ExpectedReason, Severity>): boolean {
  return Object.entries(fleet.reasons).some(([code, { severity }]) => reason[severity] === code);
}

test('every reason that a policy of the cases declares is told by some case', (t) => {
  const told = new Set(cases.flatMap(({ expect }) => expect.reasons).flatMap(Object.values));
  t.deepEqual(
    Object.keys(fleet.reasons).filter((code) => !told.has(code)),
    [],
  );
});

test('every code that denies is told over every door by some case', (t) => {
  const telling = new Map<string, Set<string>>();
  for (const one of cases) {
    for (const { deny } of one.expect.reasons) {
      if (deny === undefined) continue;
      const doors = telling.get(deny) ?? new Set();
      for (const door of doorsOf(one)) doors.add(door);
      telling.set(deny, doors);
    }
  }
  const few = [...telling].filter(([, doors]) => doors.size < 2).map(([code]) => code);
  t.deepEqual(few, []);
});

test('every row of the table of doors is used by a case', (t) => {
  const faults = new Set(cases.map(({ fault }) => fault));
  t.deepEqual(
    Object.keys(doorTable.faults).filter((fault) => !faults.has(fault)),
    [],
  );
});

test('docs/reasons.md has a heading for every code, in the order of the list, and for no other', (t) => {
  const page = readFileSync(join(root, 'docs/reasons.md'), 'utf8');
  const told = [...page.matchAll(/^### `([a-z_.]+)`$/gm)].map(([, code]) => code);
  t.deepEqual(told, [...reasonCodes]);
});

const group =
  /"((?:identity|chain|credential|revocation|hold|inventory|firmware|attestation|assurance|network|policy|system)\.[a-z_]+)"/g;

test('every code in Rego is in the catalogue', (t) => {
  const folder = join(root, 'rego/portreeve');
  const files = readdirSync(folder, { recursive: true }).map(String);
  const rules = files.filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'));
  const found = rules.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(group)].map(([, code]) => ({
      name,
      code: code ?? '',
    })),
  );
  t.true(found.length > 20);
  t.deepEqual(
    found.filter(({ code }) => !isReasonCode(code)),
    [],
  );
});

test('Rego and the catalogue agree about which codes do not deny', (t) => {
  const text = readFileSync(join(root, 'rego/portreeve/result/result.rego'), 'utf8');
  const listed = /not_denying := \{([^}]*)\}/.exec(text)?.[1] ?? '';
  const harmless = reasonCodes.filter((code) => catalogue[code].severity !== 'deny');
  t.deepEqual([...listed.matchAll(group)].map(([, code]) => code as ReasonCode).sort(), [...harmless].sort());
});

test('every code that denies has a row of the status table and a class that fits it', (t) => {
  for (const code of reasonCodes.filter((one) => catalogue[one].severity === 'deny')) {
    const decision = denialFor(code);
    const row = rowOf(decision);
    const expected =
      code === 'identity.no_credential' ? 'no_credential' : catalogue[code].ours ? 'unavailable' : 'denied';
    t.is(row, expected, code);
    t.true(statusTable[row].grpc !== 0, code);
    t.is(statusTable[row].retryAfter, catalogue[code].ours, code);
    t.is(coarseClass(decision), catalogue[code].class, code);
  }
});

function denialFor(code: ReasonCode): Decision {
  const denied: Partial<Decision> = { outcome: 'deny', enforced: true, reasons: [makeReason({ code })] };
  return denied as Decision;
}
