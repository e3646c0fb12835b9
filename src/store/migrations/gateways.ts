/**
 * Which gateway may speak for which devices beside those whose own records name it: one device, or the devices of a
 * class, perhaps of one site only. Rows change together with an epoch; one that has ended stays until it is revoked.
 */
export const gateways = `
  CREATE TABLE delegations (
    tenant TEXT NOT NULL,
    gateway TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('device', 'class')),
    -- The device's id, or the class.
    value TEXT NOT NULL,
    -- Of a class; empty = of any site.
    site TEXT NOT NULL,
    -- Not included; NULL = without an end.
    until INTEGER,
    -- Of the change that made the row what it is.
    epoch INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, gateway, scope, value, site)
  ) STRICT, WITHOUT ROWID;
`;
