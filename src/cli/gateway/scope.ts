/** Options that say which delegations of a gateway a command is about. */
export interface ScopeOptions {
  readonly device?: string;
  readonly class?: string;
  readonly site?: string;
}

/** What a gateway is delegated, or was, as options name it: without what they leave out. */
export function delegationScope(
  gateway: string,
  { device, class: className, site }: ScopeOptions,
): {
  readonly gateway: string;
  readonly device_id?: string;
  readonly class?: string;
  readonly site?: string;
} {
  return {
    gateway,
    ...(device !== undefined && { device_id: device }),
    ...(className !== undefined && { class: className }),
    ...(site !== undefined && { site }),
  };
}
