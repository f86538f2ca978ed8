// Which log of a host a command means: a file by its path, or the journal of a unit.
import { z } from 'zod'
import type { Host } from '../../src/hosts/host.ts'
import { type RemoteLog, refusePath, refuseUnit } from '../../src/hosts/remote-logs/remote-log.ts'
import { listRemoteLogs } from '../../src/hosts/remote-logs/remote-logs.ts'
import { invalid, Problem } from '../../src/problem.ts'
import type { Context } from '../context.ts'

/** The arguments that name a log. */
export const logTarget = {
  file: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .optional()
    .describe('The whole path of a file, such as /var/log/nginx/error.log'),
  journal: z.string().trim().min(1).max(200).optional().describe('A unit of systemd, or * for the whole journal'),
}
type Named = { file?: string | undefined; journal?: string | undefined }

/** What is named, well formed. Throws `invalid`. */
export function targetOf({ file, journal }: Named): Pick<RemoteLog, 'kind' | 'target'> {
  if ((file === undefined) === (journal === undefined))
    throw invalid('file', 'Say which: --file /var/log/nginx/error.log, or --journal nginx.service')
  if (file !== undefined) {
    refusePath(file)
    return { kind: 'file', target: file }
  }
  refuseUnit(journal!)
  return { kind: 'journal', target: journal! }
}

/** The log that is meant; one that is the only one of its host needs no name. Throws `invalid` or `not_found`. */
export function findLog({ state }: Context, host: Host, named: Named): RemoteLog {
  const all = listRemoteLogs(state, host.id)
  if (named.file === undefined && named.journal === undefined && all.length === 1) return all[0]!
  const known =
    all.length === 0
      ? `None is: hosts logs add ${host.name} --file /var/log/nginx/error.log`
      : `There is ${all.map(one => `--${one.kind} ${one.target}`).join(', ')}.`
  if (named.file === undefined && named.journal === undefined)
    throw invalid('file', `Say which log of ${host.name}. ${known}`)
  const { kind, target } = targetOf(named)
  const found = all.find(one => one.kind === kind && one.target === target)
  if (found) return found
  throw new Problem('not_found', `${target} of ${host.name} is not read. ${known}`, {
    fields: { [kind]: 'is not read' },
  })
}
