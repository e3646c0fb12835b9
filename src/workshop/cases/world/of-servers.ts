/** Parts of a configuration that the decision of a case does not depend on, or that cases say themselves. */
export const ofServers: {
  readonly sections: ReadonlySet<string>;
  /** Members of the section `revocation`. */
  readonly revocation: ReadonlySet<string>;
} = {
  sections: new Set(['server', 'state', 'audit', 'inventory', 'policy']),
  revocation: new Set(['crls', 'sources']),
};
