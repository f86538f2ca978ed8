// The list of wire formats, by their names.
import { CLEF_FORMATS } from './clef.ts'
import { LOKI_FORMATS } from './loki.ts'
import { OTLP_FORMATS } from './otlp.ts'
import { SPLUNK_FORMATS } from './splunk.ts'
import type { WireFormat } from './wire-format.ts'

const FORMATS: ReadonlyMap<string, WireFormat> = new Map(
  [...LOKI_FORMATS, ...OTLP_FORMATS, ...SPLUNK_FORMATS, ...CLEF_FORMATS].map(format => [format.name, format]),
)

/** The wire format of a name, or undefined for the formats of Vakt's own intake. */
export function wireFormat(name: string): WireFormat | undefined {
  return FORMATS.get(name)
}
