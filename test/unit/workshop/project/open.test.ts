import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { DocumentError } from '../../../../src/workshop/document/read.ts';
import {
  compatCapabilities,
  defaultCapabilities,
  openProject,
} from '../../../../src/workshop/project/open.ts';
import { projectFolder, smallProject } from '../../../helpers/policy-projects.ts';

const invalid = { code: 'PDP_PROJECT_INVALID' };

test('a project is what its folder holds, tests and cases apart from what ships', (t) => {
  const folder = projectFolder(t, {
    ...smallProject,
    'rego/deep/rule.rego': 'package portreeve.deep',
    'rego/deep/rule_test.rego': 'package portreeve.deep_test',
    'rego/.hidden/other.rego': 'package hidden',
    'data/README.md': 'about the data',
    'cases/more/other.json': '{}',
  });
  t.deepEqual(openProject(folder), {
    folder,
    file: join(folder, 'policy.yaml'),
    inputVersion: 1,
    requires: '>=0.1.0',
    entrypoint: 'portreeve/decision',
    compat: null,
    regoVersion: 1,
    modules: ['rego/deep/rule.rego', 'rego/policy.rego'],
    tests: ['rego/deep/rule_test.rego', 'rego/policy_test.rego'],
    data: ['data'],
    dataFiles: ['data/site.yaml'],
    caseFiles: ['cases/more/other.json', 'cases/travelling.yaml'],
    selfTestFiles: ['cases/travelling.yaml'],
    reasons: {
      'custom.night': {
        severity: 'deny',
        text: 'The device connects at night.',
        remediation: 'Connect it after six.',
      },
    },
    capabilities: defaultCapabilities,
  });
});

test('paths may be patterns, files and folders with characters of patterns in their names', (t) => {
  const folder = projectFolder(t, {
    'policy.yaml': 'version: 1\nmodules: [rules]\ncases: [rules/*/cases, "[x]"]\n',
    'rules/a/a.rego': 'package a',
    'rules/a/cases/a.yaml': '',
    'rules/b/cases/b.yml': '',
    'rules/b/other.yaml': '',
    '[x]/c.json': '',
    'x/d.json': '',
  });
  t.deepEqual(openProject(folder).caseFiles, ['[x]/c.json', 'rules/a/cases/a.yaml', 'rules/b/cases/b.yml']);
});

test('cases may have endings in upper case; rules and data may not, which opa passes over', (t) => {
  const cases = { 'cases/A.YAML': '{}', 'cases/b.Yml': '{}', 'cases/c.JSON': '{}', 'cases/d.TXT': '' };
  const { caseFiles } = openProject(projectFolder(t, { ...smallProject, ...cases }));
  t.deepEqual(caseFiles, ['cases/A.YAML', 'cases/b.Yml', 'cases/c.JSON', 'cases/travelling.yaml']);
  for (const [key, name] of [
    ['modules', 'rego/night.REGO'],
    ['data', 'data/deep/Sites.Yaml'],
  ] as const) {
    const folder = projectFolder(t, { ...smallProject, [name]: '' });
    t.throws(() => openProject(folder), { ...invalid, message: new RegExp(`${key}: opa .* "${name}"`) });
  }
});

test('folders that are linked within a project count, and a link back into itself ends', (t) => {
  const folder = projectFolder(t, {
    ...smallProject,
    'shared/rego/shared.rego': 'package shared',
    'shared/data/numbers.json': '{}',
    'shared/cases/of/all.yaml': '{}',
    'shared/cases/.git/hidden.yaml': '{}',
  });
  for (const key of ['rego', 'data', 'cases']) {
    symlinkSync(join('../shared', key), join(folder, key, 'linked'));
    symlinkSync('..', join(folder, 'shared', key, 'back'));
    symlinkSync('nowhere', join(folder, 'shared', key, 'broken'));
    symlinkSync('itself', join(folder, 'shared', key, 'itself'));
  }
  const { modules, dataFiles, caseFiles } = openProject(folder);
  t.true(modules.includes('rego/linked/shared.rego'));
  t.true(dataFiles.includes('data/linked/numbers.json'));
  t.true(caseFiles.includes('cases/linked/of/all.yaml'));
  t.false([...modules, ...dataFiles, ...caseFiles].some((name) => /back.*back|hidden/.test(name)));
});

test('a link to a folder outside of a project is refused by name, in a folder or named itself', (t) => {
  const outside = projectFolder(t, { 'other.yaml': '{}' });
  for (const key of ['rego', 'data', 'cases']) {
    const folder = projectFolder(t, smallProject);
    symlinkSync(outside, join(folder, key, 'linked'));
    t.throws(() => openProject(folder), { ...invalid, message: new RegExp(`${key}/linked is a link`) });
  }
  const folder = projectFolder(t, { ...smallProject, 'policy.yaml': 'version: 1\ncases: [linked]\n' });
  symlinkSync(outside, join(folder, 'linked'));
  t.throws(() => openProject(folder), { ...invalid, message: /linked is a link to a folder outside of/ });
});

test('its own capabilities take the place of the program’s, by their usual name or by the one given', (t) => {
  const folder = projectFolder(t, { ...smallProject, 'capabilities.json': '{}' });
  t.is(openProject(folder).capabilities, join(folder, 'capabilities.json'));
  const named = projectFolder(t, { ...smallProject, 'policy.yaml': 'version: 1\ncapabilities: own.json\n' });
  t.throws(() => openProject(named), { ...invalid, message: /own\.json is not there/ });
});

test('a project for opa-envoy-plugin is asked what the plugin asks, and may use what the host gives such policies', (t) => {
  const folder = projectFolder(t, { ...smallProject, 'policy.yaml': 'version: 1\ncompat: opa-envoy\n' });
  const { compat, entrypoint, capabilities } = openProject(folder);
  t.deepEqual([compat, entrypoint, capabilities], ['opa-envoy', 'envoy/authz/allow', compatCapabilities]);
});

test('a folder without policy.yaml is no project, and says how one is made', (t) => {
  t.throws(() => openProject(projectFolder(t, {})), { ...invalid, message: /policy init/ });
});

test('a project without modules is refused', (t) => {
  const folder = projectFolder(t, { ...smallProject, 'rego/policy.rego': null });
  t.throws(() => openProject(folder), { ...invalid, message: /no Rego file/ });
});

test('a self-test that names no case file is refused, or the bundle would carry less than its author thinks', (t) => {
  const folder = projectFolder(t, { ...smallProject, 'cases/travelling.yaml': null });
  t.throws(() => openProject(folder), {
    ...invalid,
    message: /"cases\/travelling\.yaml" names no case file/,
  });
});

for (const [key, text] of [
  ['modules', 'modules: [rego, ruels]'],
  ['data', 'data: [dta]'],
  ['cases', 'cases: ["casse/*.yaml"]'],
] as const) {
  test(`${key} that are nowhere are refused, or less would be tested and shipped than is written`, (t) => {
    const folder = projectFolder(t, { ...smallProject, 'policy.yaml': `version: 1\n${text}\n` });
    t.throws(() => openProject(folder), { ...invalid, message: new RegExp(`${key}: nothing is at "`) });
  });
}

for (const [what, text, told] of [
  ['is not YAML', 'version: [', /policy\.yaml:\d+:\d+: /],
  ['has no version', 'modules: [rego]', /version: is missing/],
  ['is of another version', 'version: 2', /version: must be 1/],
  ['has an unknown key', 'version: 1\nmodule: [rego]', /policy\.yaml:2:1: module: unknown key/],
  ['leaves its folder', 'version: 1\nmodules: [../rego]', /modules\[0\]: must be a path within the folder/],
  ['names an absolute path', 'version: 1\ndata: [/etc]', /data\[0\]/],
  ['needs something that is no version', 'version: 1\nrequires: latest', /requires/],
  ['names an odd entrypoint', 'version: 1\nentrypoint: data.portreeve', /entrypoint/],
  [
    'declares a reason of the catalogue',
    'version: 1\nreasons: {policy.ok: {}}',
    /policy\.ok.+is not a name that can stand here/,
  ],
  [
    'declares a reason without words',
    'version: 1\nreasons: {custom.a: {severity: deny}}',
    /custom\.a.+text: is missing/,
  ],
  [
    'declares a reason in two lines',
    'version: 1\nreasons: {custom.a: {severity: deny, text: "a\\nb", remediation: b}}',
    /custom\.a.+text: must match/,
  ],
  [
    'has a device told what no device is told',
    'version: 1\nreasons: {custom.a: {severity: deny, text: a, remediation: b, coarse: policy.denied}}',
    /coarse.*: must be one of "retry_later"/,
  ],
  [
    'declares an odd severity',
    'version: 1\nreasons: {custom.a: {severity: bad, text: a, remediation: b}}',
    /must be one of "deny", "warn", "info"/,
  ],
] as const) {
  test(`a policy.yaml that ${what} is refused with its place`, (t) => {
    const folder = projectFolder(t, { ...smallProject, 'policy.yaml': text });
    const thrown = t.throws<DocumentError>(() => openProject(folder), invalid);
    const problems = thrown.problems.map((one) => `${one.path}: ${one.message}`).join('\n');
    t.regex(`${thrown.message}\n${problems}`, told);
  });
}
