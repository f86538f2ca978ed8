// The list of kinds of probes; a new kind is a file in `doors/` and a line here.
import { invalid } from '../problem.ts'
import { command } from './doors/command.ts'
import { dns } from './doors/dns.ts'
import { http } from './doors/http.ts'
import { icmp } from './doors/icmp.ts'
import type { ProbeKind } from './doors/probe-kind.ts'
import { tcp } from './doors/tcp.ts'
import { tls } from './doors/tls.ts'

export const PROBE_KINDS: readonly ProbeKind[] = [http, tcp, dns, icmp, tls, command]

/** The kind of a stored probe. */
export function probeKind(name: string): ProbeKind {
  return PROBE_KINDS.find(kind => kind.name === name)!
}

/** Reads a target as people write it. Throws `invalid` on the field `probe` with what may be written. */
export function readTarget(text: string): { kind: ProbeKind; target: string } {
  for (const kind of PROBE_KINDS) {
    const target = kind.read(text)
    if (target !== null) return { kind, target }
  }
  const examples = PROBE_KINDS.filter(({ name }) => name !== 'command').map(({ example }) => example)
  throw invalid(
    'probe',
    `"${text}" is nothing that can be probed. Write ${examples.slice(0, -1).join(', ')} or ${examples.at(-1)}.`,
  )
}
