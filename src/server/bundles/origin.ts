import type { Config } from '../../config/types.ts';

/** Where the bundle in force comes from. It crosses the channel, hence data only. */
export interface BundleOrigin {
  /** Name of its source; `bundle` for the file of `policy.bundle`, `default` for the policy that ships. */
  readonly source: string;
  /** Where that stands; null for the policy that ships. */
  readonly location: string | null;
  /** An operator has put it in force until it is unpinned. */
  readonly pinned: boolean;
}

/** The name of the file of `policy.bundle` among the sources. */
export const fileSource = 'bundle';

/** The name of the file of `policy.shadow.bundle` among the sources. */
export const shadowFileSource = 'shadow';

/** The origin of the policy that ships. */
export const defaultOrigin: BundleOrigin = { source: 'default', location: null, pinned: false };

/** Whether nothing else than the policy that ships is configured. */
export function usesDefault({ policy }: Pick<Config, 'policy'>): boolean {
  return policy.bundle === null && policy.sources.length === 0;
}
