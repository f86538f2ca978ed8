// The desk that every door hands command lines to: finds the command, checks role and arguments, runs it, writes the audit.

import { findAlert } from './alerts/alerts.ts'
import type { Choice, CommandDesk, Reply, Request, Speaker } from './chat/channel.ts'
import { type Actor, type Argument, type Command, kebab, usage } from './command.ts'
import { findCommand, quoteWord, readArguments, splitWords, type Word } from './command-line.ts'
import type { Log } from './log.ts'
import { Problem } from './problem.ts'
import { writeAudit } from './projects/audit.ts'
import { findProject } from './projects/projects.ts'
import { roleAllows, roleOf } from './projects/roles.ts'
import type { State } from './state/database.ts'
import type { Clock } from './time.ts'

export type DeskOptions<C> = {
  state: State
  clock: Clock
  log: Log
  commands: readonly Command<C>[]
  context(by: Actor, now: number, interactive: boolean): C
  /** What autocomplete offers for a list, best first. */
  completions(list: string, typed: string): readonly Choice[]
}

const CHOICES = 25

/** A desk over `commands`. */
export function createDesk<C>(options: DeskOptions<C>): CommandDesk {
  const { state, clock, log, commands, completions } = options

  const run = async (request: Request, speaker: Speaker): Promise<Reply> => {
    const now = clock.now()
    const by: Actor = { platform: speaker.platform, id: speaker.id, name: speaker.name, role: roleOf(state, speaker) }
    let audited: string | null = null
    try {
      const { command, raw } = readRequest(commands, request)
      const args = command.parse(speaker.key ? limitToProject(state, command, raw, speaker.key.project) : raw)
      if (command.changes) audited = describeRequest(request)
      if (!roleAllows(by.role, command.role)) {
        throw new Problem(
          'forbidden',
          `"${command.name}" needs the role ${command.role}, and you are ${by.role}. An admin can change that with "roles set".`,
        )
      }
      // What a command does at once and its line in the audit are one transaction; a slow one is written when it is done.
      const answered = state.transaction(() => {
        const answer = command.run(args as never, options.context(by, now, speaker.interactive))
        if (audited !== null && !(answer instanceof Promise)) writeAudit(state, by, audited, 'done', now)
        return answer
      })
      const answer = await answered
      if (audited !== null && answered instanceof Promise) writeAudit(state, by, audited, 'done', now)
      const shared = args.share === true
      return {
        ok: true,
        card: answer.card,
        result: answer.result ?? null,
        private: !shared,
        quiet: answer.quiet ?? false,
      }
    } catch (error) {
      const problem = asProblem(error, log, request)
      if (audited !== null) writeAudit(state, by, audited, problem.message, now)
      return { ok: false, problem, card: problemCard(problem), private: true }
    }
  }

  return {
    commands: commands as readonly Command<never>[],
    run,
    isPrivate(request) {
      try {
        const { raw } = readRequest(commands, request)
        return raw.share !== true && raw.share !== 'true'
      } catch {
        return true
      }
    },
    complete(argument, typed, speaker) {
      if (argument.choices)
        return argument.choices.filter(choice => choice.startsWith(typed)).map(value => ({ name: value, value }))
      if (!argument.complete || !roleAllows(roleOf(state, speaker), 'viewer')) return []
      return completions(argument.complete, typed).slice(0, CHOICES)
    },
    form(line, ask) {
      const found = findCommand(commands, splitWords(line))
      if (!found) return null
      const list = ask.map(name => found.command.arguments.find(argument => argument.name === name))
      return {
        command: found.command as Command<never>,
        arguments: list.filter((one): one is Argument => one !== undefined),
      }
    },
    fillForm(line, values) {
      const given = Object.entries(values).filter(([, value]) => value.trim() !== '')
      return [line, ...given.map(([name, value]) => `--${name}=${quoteWord(value.trim())}`)].join(' ')
    },
  }
}

/** What is said when something is refused or fails: one sentence, and how the command is written when that helps. */
export function problemCard(problem: Problem) {
  const titles = {
    invalid: 'That does not work yet',
    unauthorized: 'Not signed in',
    forbidden: 'Not allowed',
    not_found: 'Not found',
    conflict: 'Nothing changed',
    too_large: 'Too large',
    unsupported: 'Not supported',
    not_a_log: 'Not a log',
    limited: 'Too many',
    busy: 'Busy',
    internal: 'Something went wrong in Vakt',
  }
  return { title: titles[problem.code], tone: 'warning' as const, lines: [problem.message] }
}

function readRequest<C>(
  commands: readonly Command<C>[],
  request: Request,
): { command: Command<C>; raw: Record<string, unknown> } {
  const words: readonly Word[] = splitWords(
    'line' in request ? request.line.replace(/^\s*\/(vakt\b\s*)?/, '') : request.command,
  )
  const found = findCommand(commands, words)
  if (!found) throw unknownCommand(commands, words)
  if (!('line' in request)) return { command: found.command, raw: request.args }
  try {
    return { command: found.command, raw: readArguments(found.command, found.rest) }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new Problem(error.code, `${error.message} It is written: ${usage(found.command)}`, {
      ...(error.fields ? { fields: error.fields } : {}),
    })
  }
}

function unknownCommand<C>(commands: readonly Command<C>[], words: readonly Word[]): Problem {
  const first = words[0]?.text.toLowerCase() ?? ''
  const group = commands.filter(command => command.name.split(' ')[0] === first).map(command => command.name)
  const fields = { line: 'no such command' }
  if (first === '') return new Problem('invalid', 'Say a command. "help" shows them all.', { fields })
  if (group.length > 0)
    return new Problem('invalid', `"${first}" needs one more word: ${group.join(', ')}.`, { fields })
  return new Problem('not_found', `There is no command "${first}". "help" shows them all.`, { fields })
}

/** What a key of a project may ask: about its own project and the alerts of that only. */
function limitToProject<C>(
  state: State,
  command: Command<C>,
  raw: Record<string, unknown>,
  project: string,
): Record<string, unknown> {
  const alert = command.arguments.find(argument => argument.complete === 'alert' && argument.required)
  if (alert) {
    const { projectId } = findAlert(state, Number(raw[alert.name]))
    if (projectId === findProject(state, project).id) return raw
    throw new Problem('not_found', `There is no alert ${raw[alert.name]} in the project ${project}.`)
  }
  const takesProject = command.arguments.some(argument => argument.name === 'project')
  if (takesProject && (raw.project ?? project) === project) return { ...raw, project }
  throw new Problem(
    'forbidden',
    `This key reaches the project ${project} only, and "${command.name}" goes further. Use the admin key.`,
  )
}

/** The request as it would be typed. */
function describeRequest(request: Request): string {
  if ('line' in request) return request.line.trim()
  const args = Object.entries(request.args).filter(([, value]) => value !== undefined && value !== null)
  return [request.command, ...args.map(([name, value]) => `--${kebab(name)}=${quoteWord(String(value))}`)].join(' ')
}

function asProblem(error: unknown, log: Log, request: Request): Problem {
  if (error instanceof Problem) return error
  log.error('a command failed', { request: describeRequest(request), error })
  return new Problem(
    'internal',
    'Vakt could not do that because of a fault of its own. The log says more; nothing was half-done.',
    { cause: error },
  )
}
