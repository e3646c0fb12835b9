import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packBundle } from '../../../../src/policy/pack-bundle.ts';
import { parseBundle } from '../../../../src/policy/bundle.ts';
import { buildBundle } from '../../../../src/workshop/build/build-bundle.ts';
import { compileProject } from '../../../../src/workshop/build/compile.ts';
import { bundleDifferences } from '../../../../src/workshop/build/differences.ts';
import { bundleFilesOf } from '../../../../src/policy/bundle.ts';
import type { Opa } from '../../../../src/workshop/opa/find.ts';
import { openProject } from '../../../../src/workshop/project/open.ts';
import { projectFolder, smallProject } from '../../../helpers/policy-projects.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';

const compiler = opa.opa as Opa;
const invalid = { code: 'PDP_POLICY_INVALID' };

withOpa('cases and tests beside modules are neither compiled nor taken for data', (t) => {
  const folder = projectFolder(t, {
    ...smallProject,
    'policy.yaml': 'version: 1\ncases: [rego/cases]\n',
    'rego/cases/one.yaml': 'secret: 1\n',
    'rego/data.json': '{"secret": 2}',
    'rego/broken_test.rego': 'package broken_test\n\nthis is not Rego\n',
  });
  const { data, sources } = compileProject(compiler, openProject(folder));
  t.is(
    Buffer.from(data as Uint8Array)
      .toString()
      .trim(),
    '{"ttl_s":60}',
  );
  t.deepEqual(Object.keys(sources), ['data/site.yaml', 'policy.yaml', 'rego/policy.rego']);
});

withOpa('Rego among the data is compiled, so that it is one of the sources that name the bundle', (t) => {
  const helper = (rule: string) =>
    compileProject(
      compiler,
      openProject(projectFolder(t, { ...smallProject, 'data/.helper.rego': `package helper\n\n${rule}\n` })),
    );
  const [one, other] = [helper('a := 1'), helper('a := 2')];
  t.true(Object.keys(one.sources).includes('data/.helper.rego'));
  t.not(one.revision, other.revision);
});

withOpa('data is merged at its place, from several folders, with numbers as they were written', (t) => {
  const folder = projectFolder(t, {
    ...smallProject,
    'policy.yaml': 'version: 1\ndata: [data, more]\n',
    'data/sites/berlin/data.json': '{"limit": 12345678901234567890, "share": 1.50}',
    'more/sites/paris/list.yaml': '- a\n',
    'more/top.json': '{"top": true}',
  });
  const { data } = compileProject(compiler, openProject(folder));
  t.is(
    Buffer.from(data as Uint8Array)
      .toString()
      .trim(),
    '{"sites":{"berlin":{"limit":12345678901234567890,"share":1.50},"paris":["a"]},"top":true,"ttl_s":60}',
  );
});

withOpa('the same data from two files at one place is refused with the compiler’s words', (t) => {
  const folder = projectFolder(t, { ...smallProject, 'data/other.yaml': 'ttl_s: 61\n' });
  t.throws(() => compileProject(compiler, openProject(folder)), { ...invalid, message: /merge/ });
});

withOpa('a built-in function that the capabilities leave out does not compile', (t) => {
  const rego = 'package portreeve\n\ndecision := http.send({"url": "http://localhost", "method": "get"})\n';
  const folder = projectFolder(t, { ...smallProject, 'rego/policy.rego': rego });
  t.throws(() => compileProject(compiler, openProject(folder)), { ...invalid, message: /http\.send/ });
});

withOpa('an entrypoint that is not there does not compile', (t) => {
  const folder = projectFolder(t, {
    ...smallProject,
    'policy.yaml': 'version: 1\nentrypoint: portreeve/other\n',
  });
  t.throws(() => compileProject(compiler, openProject(folder)), { ...invalid, message: /portreeve\/other/ });
});

withOpa('another entrypoint is what the bundle is asked', (t) => {
  const rego = (smallProject['rego/policy.rego'] ?? '').replace('package portreeve', 'package site.door');
  const folder = projectFolder(t, {
    ...smallProject,
    'policy.yaml': 'version: 1\nentrypoint: site/door/decision\n',
    'rego/policy.rego': rego,
  });
  t.is(parseBundle(buildBundle(compiler, openProject(folder))).entrypoint, 'site/door/decision');
});

withOpa('sources from before OPA 1.0 compile where the project says so, and only there', (t) => {
  const rego = 'package portreeve\n\ndecision = "yes" { input.door == "native" }\n';
  const old = projectFolder(t, {
    ...smallProject,
    'policy.yaml': 'version: 1\nrego_version: 0\n',
    'rego/policy.rego': rego,
  });
  const contents = compileProject(compiler, openProject(old));
  t.is(contents.regoVersion, 0);
  t.deepEqual(contents.inputKeys, ['door']);
  t.notThrows(() => parseBundle(packBundle(contents)));
  const young = projectFolder(t, {
    ...smallProject,
    'policy.yaml': 'version: 1\n',
    'rego/policy.rego': rego,
  });
  t.throws(() => compileProject(compiler, openProject(young)), invalid);
});

withOpa('a bundle for opa-envoy-plugin leaves no key of its input out', (t) => {
  const folder = projectFolder(t, {
    'policy.yaml': 'version: 1\ncompat: opa-envoy\n',
    'capabilities.json': readFileSync(
      join(import.meta.dirname, '../../../../rego/capabilities.json'),
      'utf8',
    ),
    'rego/policy.rego':
      'package envoy.authz\n\ndefault allow := false\n\nallow if input.attributes.request.http.method == "GET"\n',
  });
  const { compat, entrypoint, inputKeys } = parseBundle(buildBundle(compiler, openProject(folder)));
  t.deepEqual([compat, entrypoint, inputKeys], ['opa-envoy', 'envoy/authz/allow', undefined]);
});

withOpa('what differs between a bundle and its sources is told by name; signatures are left out', (t) => {
  const files = bundleFilesOf(buildBundle(compiler, openProject(projectFolder(t, smallProject))));
  const changed = bundleFilesOf(
    buildBundle(
      compiler,
      openProject(
        projectFolder(t, { ...smallProject, 'data/site.yaml': null, 'data/other.yaml': 'ttl_s: 61\n' }),
      ),
    ),
  );
  t.deepEqual(bundleDifferences(files, new Map([...files, ['.signatures.json', Buffer.from('x')]])), []);
  const told = bundleDifferences(files, changed);
  t.deepEqual(told.slice(0, 2), [
    'data/other.yaml: new since the bundle was built',
    'data/site.yaml: gone since the bundle was built',
  ]);
  t.regex(
    told.at(-1) ?? '',
    /^\/data\.json: the bundle has 13 bytes, sha256 [0-9a-f]{16}, rebuilt it is 13 bytes/,
  );
});
