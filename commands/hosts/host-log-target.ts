// Reads which remote log a command means: a file by its path, or the journal of a unit.
import { z } from 'zod'
import type { Host } from '../../src/hosts/host.ts'
import { type RemoteLog, refusePath, refuseUnit } from '../../src/hosts/remote-logs/remote-log.ts'
import { listRemoteLogs } from '../../src/hosts/remote-logs/remote-logs.ts'
import { invalid, Problem } from '../../src/problem.ts'
import type { Context } from '../context.ts'

/** The arguments that name a remote log. */
export const logTargetArguments = {
  file: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .optional()
    .describe('Absolute path of a file, such as /var/log/nginx/error.log'),
  journal: z.string().trim().min(1).max(200).optional().describe('systemd unit, or * for the whole journal'),
}
type LogTargetWords = { file?: string | undefined; journal?: string | undefined }

/** Reads the target that the arguments name. Throws `invalid`. */
export function readLogTarget({ file, journal }: LogTargetWords): Pick<RemoteLog, 'kind' | 'target'> {
  if ((file === undefined) === (journal === undefined))
    throw invalid('file', 'Choose one log: --file /var/log/nginx/error.log, or --journal nginx.service')
  if (file !== undefined) {
    refusePath(file)
    return { kind: 'file', target: file }
  }
  refuseUnit(journal!)
  return { kind: 'journal', target: journal! }
}

/** Finds the remote log that the arguments name; the only log of a host needs no name. Throws `invalid` or `not_found`. */
export function findLog({ state }: Context, host: Host, words: LogTargetWords): RemoteLog {
  const all = listRemoteLogs(state, host.id)
  if (words.file === undefined && words.journal === undefined && all.length === 1) return all[0]!
  const known =
    all.length === 0
      ? `Add it: hosts logs add ${host.name} --file /var/log/nginx/error.log`
      : `Logs of this host: ${all.map(log => `--${log.kind} ${log.target}`).join(', ')}.`
  if (words.file === undefined && words.journal === undefined)
    throw invalid(
      'file',
      all.length === 0 ? `Vakt reads no log of ${host.name}. ${known}` : `Choose one log of ${host.name}. ${known}`,
    )
  const { kind, target } = readLogTarget(words)
  const found = all.find(log => log.kind === kind && log.target === target)
  if (found) return found
  throw new Problem('not_found', `Vakt does not read ${target} of ${host.name}. ${known}`, {
    fields: { [kind]: 'is not read' },
  })
}
