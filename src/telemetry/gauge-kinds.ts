import type { Attributes } from '@opentelemetry/api';
import type { GaugeReadings } from './readings.ts';

export type Values = readonly (readonly [number, Attributes])[];

/** One instrument whose values are read at each collection. */
export interface Observed {
  readonly kind: 'gauge' | 'counter';
  readonly name: string;
  readonly description: string;
  readonly unit: string | undefined;
  readonly values: (readings: GaugeReadings) => Values;
}

/** Makes one that goes up and down. */
export const gauge = (
  name: string,
  description: string,
  values: (readings: GaugeReadings) => Values,
  unit?: 's' | 'By',
): Observed => ({ kind: 'gauge', name, description, unit, values });

/** Makes one that only grows, but begins anew with its worker. */
export const counter = (...told: Parameters<typeof gauge>): Observed => ({
  ...gauge(...told),
  kind: 'counter',
});

/** The one value of the whole server; none where it is null. */
export const one =
  (value: (readings: GaugeReadings) => number | boolean | null) =>
  (readings: GaugeReadings): Values => {
    const read = value(readings);
    return read === null ? [] : [[Number(read), {}]];
  };
