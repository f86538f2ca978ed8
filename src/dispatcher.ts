// The dispatcher that every door hands command lines to: finds the command, checks role and arguments, runs it, writes the audit.

import { readAlert } from './alerts/lifecycle.ts'
import { datedCard } from './card.ts'
import type { AnswerPlace, Choice, CommandDispatcher, Mention, Reply, Request, Speaker } from './chat/channel.ts'
import type { Argument } from './command/argument.ts'
import { type Actor, type Command, kebab, type Role, usage } from './command/command.ts'
import {
  findCommand,
  quoteWord,
  readArguments,
  shellWords,
  splitWords,
  typed,
  type Word,
} from './command/command-line.ts'
import { problemCard } from './command/problem-card.ts'
import { unknownCommand } from './command/unknown-command.ts'
import type { Logger } from './logger.ts'
import { Problem } from './problem.ts'
import { writeAudit } from './projects/audit.ts'
import { findProject } from './projects/projects.ts'
import { roleAllows, roleOf } from './projects/roles.ts'
import type { State } from './state/database.ts'
import type { Clock } from './time.ts'

export type DispatcherOptions<C> = {
  state: State
  clock: Clock
  logger: Logger
  commands: readonly Command<C>[]
  context(by: Actor, now: number, interactive: boolean, place: AnswerPlace | null): C
  /** The command line that a mention means and where its answer belongs; throws where it hangs from nothing that is known. */
  readMention(mention: Mention): { line: string; place: AnswerPlace }
  /** What autocomplete offers for a list, best first. */
  completions(list: string, typed: string): readonly Choice[]
}

const CHOICES = 25

/** A dispatcher over `commands`. */
export function createDispatcher<C>(options: DispatcherOptions<C>): CommandDispatcher {
  const { state, clock, logger, commands, completions } = options

  const run = async (request: Request, speaker: Speaker): Promise<Reply> => {
    const now = clock.now()
    const by: Actor = { platform: speaker.platform, id: speaker.id, name: speaker.name, role: roleOf(state, speaker) }
    let audited: string | null = null
    try {
      const { command, raw } = readRequest(commands, request)
      if (command.changes) audited = describeWithoutSecrets(request, command, raw)
      refuseRole(command, by)
      const args = command.parse(speaker.key ? limitToProject(state, command, raw, speaker.key.project) : raw)
      // What a command does at once and its line in the audit are one transaction; a slow one is written when it is done.
      const answered = state.transaction(() => {
        const answer = command.run(args as never, options.context(by, now, speaker.interactive, speaker.place ?? null))
        if (audited !== null && !(answer instanceof Promise) && !answer.asked)
          writeAudit(state, by, audited, 'done', now)
        return answer
      })
      const answer = await answered
      if (audited !== null && answered instanceof Promise && !answer.asked) writeAudit(state, by, audited, 'done', now)
      return {
        ok: true,
        card: datedCard(answer.card, now),
        result: answer.result ?? null,
        private: args.share !== true,
        quiet: answer.quiet ?? false,
      }
    } catch (error) {
      const problem = asProblem(error, logger, audited ?? describeRequest(request))
      if (audited !== null) auditRefusal(by, audited, problem, now)
      return { ok: false, problem, card: problemCard(problem), private: true }
    }
  }

  // A refusal is answered even where it cannot be written down: the disk may be full.
  const auditRefusal = (by: Actor, line: string, problem: Problem, now: number) => {
    try {
      writeAudit(state, by, line, problem.message, now)
    } catch (error) {
      logger.error('a refusal could not be written to the audit', { error })
    }
  }

  return {
    commands: commands as readonly Command<never>[],
    run,
    async mentioned(mention, speaker) {
      try {
        const { line, place } = options.readMention(mention)
        return await run({ line }, { ...speaker, place })
      } catch (error) {
        const problem = asProblem(error, logger, 'a mention')
        return { ok: false, problem, card: problemCard(problem), private: true }
      }
    },
    isPrivate(request) {
      try {
        const { raw } = readRequest(commands, request)
        return raw.share !== true && raw.share !== 'true'
      } catch {
        return true
      }
    },
    refusal(line, speaker) {
      try {
        const found = findCommand(commands, splitWords(line))
        if (found) refuseRole(found.command, { role: roleOf(state, speaker) })
        return null
      } catch (error) {
        const problem = asProblem(error, logger, line)
        return { ok: false, problem, card: problemCard(problem), private: true }
      }
    },
    complete(argument, typed, speaker) {
      if (argument.choices)
        return argument.choices.filter(choice => choice.startsWith(typed)).map(value => ({ name: value, value }))
      const command = commands.find(one => one.arguments.includes(argument))
      if (!argument.complete || !command || !roleAllows(roleOf(state, speaker), command.role)) return []
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

function readRequest<C>(
  commands: readonly Command<C>[],
  request: Request,
): { command: Command<C>; raw: Record<string, unknown> } {
  const words = wordsOf(request)
  const found = findCommand(commands, words)
  if (!found) throw unknownCommand(commands, words)
  const { command, rest } = found
  if ('command' in request) {
    if (rest.length === 0) return { command, raw: request.args }
    throw new Problem(
      'invalid',
      `"command" names "${command.name}" and says "${rest[0]!.text}" beside it. Put arguments into "args".`,
      {
        fields: { command: `must be just "${command.name}"` },
      },
    )
  }
  try {
    return { command, raw: readArguments(command, rest) }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const written = usage(command)
    const hint =
      written.length > LONG_USAGE ? `"help ${command.name}" shows how it is written.` : `It is written: ${written}`
    throw new Problem(error.code, `${error.message} ${hint}`, { ...(error.fields ? { fields: error.fields } : {}) })
  }
}

const LONG_USAGE = 160

function wordsOf(request: Request): readonly Word[] {
  if ('words' in request) return shellWords(request.words)
  return splitWords('line' in request ? request.line.replace(/^\s*\/(vakt\b\s*)?/, '') : request.command)
}

function refuseRole<C>(command: Command<C>, by: { role: Role }): void {
  if (roleAllows(by.role, command.role)) return
  throw new Problem(
    'forbidden',
    `"${command.name}" needs the role ${command.role}, and you are ${by.role}. An admin can change that with "roles set".`,
  )
}

/** What a key of a project may ask: about its own project and the alerts of that only. */
function limitToProject<C>(
  state: State,
  command: Command<C>,
  raw: Record<string, unknown>,
  project: string,
): Record<string, unknown> {
  const alert = command.arguments.find(argument => argument.complete === 'alert' && argument.required)
  // "ack all" is limited as what takes a project is.
  if (alert && String(raw[alert.name]).toLowerCase() !== 'all') {
    const id = Number(String(raw[alert.name] ?? '').replace('#', ''))
    // Another project's alert is told from none at all by nothing.
    if (!Number.isInteger(id) || readAlert(state, id)?.projectId === findProject(state, project).id) return raw
    throw new Problem('not_found', `There is no alert ${id} in the project ${project}.`)
  }
  if (command.name === 'help') return raw
  const takesProject =
    !BEYOND_PROJECTS.test(command.name) && command.arguments.some(argument => argument.name === 'project')
  if (takesProject && (raw.project ?? project) === project) return { ...raw, project }
  throw new Problem(
    'forbidden',
    `This key reaches the project ${project} only, and "${command.name}" goes further. Use the admin key.`,
  )
}

/**
 * Hosts are reached with Vakt's own rights, whatever project their alerts belong to; and the project that a rule or a
 * report is edited to is not the one it has, which may be every one.
 */
const BEYOND_PROJECTS = /^(hosts|containers|actions) |^(rules|reports) edit$/

/** The request as it would be typed. */
function describeRequest(request: Request): string {
  if ('line' in request) return cut(request.line.trim())
  if ('words' in request) return cut(typed(request.words))
  const args = Object.entries(request.args).filter(([, value]) => value !== undefined && value !== null)
  return cut([request.command, ...args.map(([name, value]) => `--${kebab(name)}=${quoteWord(said(value))}`)].join(' '))
}

/** The same with the values of secret arguments left out. */
function describeWithoutSecrets<C>(request: Request, command: Command<C>, raw: Record<string, unknown>): string {
  const secrets = command.arguments.filter(argument => argument.secret).map(argument => argument.name)
  const shown = Object.entries(raw).map(([name, value]) => [name, secrets.includes(kebab(name)) ? '[hidden]' : value])
  if (!shown.some(([, value]) => value === '[hidden]')) return describeRequest(request)
  return describeRequest({ command: command.name, args: Object.fromEntries(shown) })
}

const LONGEST_AUDITED = 2_000

function cut(line: string): string {
  return line.length > LONGEST_AUDITED ? `${line.slice(0, LONGEST_AUDITED)}…` : line
}

function said(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function asProblem(error: unknown, logger: Logger, request: string): Problem {
  if (error instanceof Problem) return error
  logger.error('a command failed', { request, error })
  return new Problem(
    'internal',
    'Vakt could not do that because of a fault of its own. The log says more; nothing was half-done.',
    { cause: error },
  )
}
