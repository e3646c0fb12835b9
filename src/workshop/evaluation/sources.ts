import { bundleFilesOf } from '../../policy/bundle.ts';
import type { Project } from '../project/types.ts';
import type { RegoSources } from './types.ts';

/** A project as `opa` is to read it: its modules, with the data that its bundle was compiled to. Throws PDP_BUNDLE_INVALID. */
export function sourcesOf(project: Project, bundle: Uint8Array): RegoSources {
  const { folder, modules, tests, data, entrypoint, regoVersion } = project;
  const document = Buffer.from(bundleFilesOf(bundle).get('data.json') ?? '{}').toString('utf8');
  return { folder, modules, tests, data, entrypoint, regoVersion, document };
}
