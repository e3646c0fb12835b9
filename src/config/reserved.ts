/**
 * The name that decisions, records and metrics have for a caller that is no configured PEP. No entry may have it, so
 * that it is never anybody's: nothing can be said about it in the configuration, above all not that it is observed.
 */
export const unknownPepName = 'unknown';
