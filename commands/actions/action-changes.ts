// Adds, changes and removes actions: the command, and where, when and by whom it may run.
import { z } from 'zod'
import { readMatcher } from '../../src/alerts/matcher.ts'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { parseActionTarget, writeActionTarget } from '../../src/hosts/actions/action.ts'
import { listRuns } from '../../src/hosts/actions/action-runs.ts'
import { addAction, editAction, findAction, type NewAction, removeAction } from '../../src/hosts/actions/actions.ts'
import { invalid } from '../../src/problem.ts'
import { errorMessage } from '../../src/text.ts'
import { HOUR, MINUTE } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, duration, readable, yes } from '../context.ts'
import { actionFields, actionName, actionResult } from './action-card.ts'

const DEFAULT_TIME_LIMIT_MS = MINUTE
const MAX_TIME_LIMIT_MS = HOUR
const DEFAULT_COOL_DOWN_MS = 15 * MINUTE

const settingArguments = {
  for: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .optional()
    .describe('Alerts that show its button, such as "check:nginx severity>=warning"'),
  role: z.enum(['responder', 'admin']).optional().describe('Role that may run it (default: responder)'),
  secondPerson: z.boolean().optional().describe('Require a second person to confirm each run'),
  timeLimit: duration().optional().describe('Time limit of a run (default: 1m, at most 1h)'),
  auto: z.boolean().optional().describe('Also run it automatically, once for each firing alert'),
  perHour: z.number().int().min(1).max(60).optional().describe('Automatic runs per hour (default: 1)'),
  coolDown: duration(0)
    .optional()
    .describe('Pause between a run and the next automatic one on the same target (default: 15m)'),
}

type ActionSettings = { [K in keyof typeof settingArguments]?: z.output<(typeof settingArguments)[K]> }

const add = command({
  name: 'actions add',
  summary: 'Define a command to run on hosts or containers',
  details:
    'sh runs the command exactly as written, as the user that Vakt signs in as, with $VAKT_HOST and $VAKT_CONTAINER set. With * in --on, the alert determines the target.',
  examples: [
    'actions add restart-nginx --on "web-*" --run "sudo -n systemctl restart nginx" --for "check:shop"',
    'actions add restart --on "*/api" --run \'docker restart "$VAKT_CONTAINER"\' --second-person',
  ],
  role: 'admin',
  args: {
    name: positional(z.string().trim().min(1).max(40)).describe('Name, such as restart-nginx'),
    on: completes(readable(parseActionTarget, 320), 'host').describe(
      'Host, or host/container; * matches any characters',
    ),
    run: z.string().min(1).max(4000).describe('Command for the shell of the host'),
    ...settingArguments,
  },
  run({ name, on, run, ...settings }, context) {
    const { state, now, by } = context
    const draft: NewAction = {
      ...{ name, ...on, command: run, matcher: null, role: 'responder', secondPerson: false },
      ...{ timeLimit: DEFAULT_TIME_LIMIT_MS, automatic: false, perHour: 1, coolDown: DEFAULT_COOL_DOWN_MS },
      ...{ addedAt: now, addedBy: by.name, changedAt: now, changedBy: by.name },
    }
    const action = addAction(state, refuseContradictions({ ...draft, ...readChanges(settings) }))
    return {
      card: {
        title: `Action ${action.name} added`,
        tone: 'good',
        lines: action.automatic ? [] : ['It runs when a person presses its button or uses "actions run".'],
        fields: actionFields(context, action),
        code: { text: action.command, language: 'sh' },
        buttons: [{ label: 'Show', line: `actions show ${action.name}` }],
      },
      result: { action: actionResult(action) },
    }
  },
})

const edit = command({
  name: 'actions edit',
  summary: 'Change an action',
  details: '--for none removes the matcher, --no-auto stops automatic runs. Open requests can no longer be confirmed.',
  examples: ['actions edit restart-nginx --time-limit 2m', 'actions edit restart-nginx --no-auto'],
  role: 'admin',
  args: {
    action: actionName().describe('Name of the action'),
    on: completes(readable(parseActionTarget, 320), 'host')
      .optional()
      .describe('Host, or host/container; * matches any characters'),
    run: z.string().min(1).max(4000).optional().describe('Command for the shell of the host'),
    ...settingArguments,
  },
  run({ action: name, on, run, ...settings }, context) {
    const { state, now, by } = context
    const action = findAction(state, name)
    const changes = { ...readChanges(settings), ...on, ...(run === undefined ? {} : { command: run }) }
    if (Object.keys(changes).length === 0)
      throw invalid('settings', 'Nothing to change. Add a setting, such as --time-limit 2m.')
    refuseContradictions({ ...action, ...changes })
    const edited = editAction(state, action.id, { ...changes, changedAt: now, changedBy: by.name })
    return {
      card: {
        title: `Action ${edited.name} changed`,
        tone: 'good',
        fields: actionFields(context, edited),
        code: { text: edited.command, language: 'sh' },
      },
      result: { action: actionResult(edited) },
    }
  },
})

const remove = command({
  name: 'actions remove',
  summary: 'Remove an action; its runs stay in the history',
  examples: ['actions remove restart-nginx'],
  role: 'admin',
  args: { action: actionName().describe('Name of the action'), yes: yes() },
  run({ action: name, yes }, { state, interactive }: Context) {
    const action = findAction(state, name)
    const result = { action: actionResult(action) }
    if (interactive && !yes) {
      const [last] = listRuns(state, { actionId: action.id, limit: 1 })
      const ran: Text = last ? ['Last run: ', { time: last.startedAt, style: 'relative' }, '.'] : 'It has never run.'
      const line = `actions remove ${action.name}`
      return confirmation(`Remove the action ${action.name}?`, [`It runs on ${writeActionTarget(action)}.`, ran], {
        line,
      })
    }
    removeAction(state, action.id)
    return { card: { title: `Action ${action.name} removed`, tone: 'muted' }, result }
  },
})

export const actionChangeCommands = [add, edit, remove]

function readChanges(settings: ActionSettings): Partial<NewAction> {
  if (settings.for !== undefined && settings.for !== 'none') refuseMatcher(settings.for)
  const changes: { [K in keyof NewAction]?: NewAction[K] | undefined } = {
    matcher: settings.for === undefined ? undefined : settings.for === 'none' ? null : settings.for,
    role: settings.role,
    secondPerson: settings.secondPerson,
    timeLimit: settings.timeLimit,
    automatic: settings.auto,
    perHour: settings.perHour,
    coolDown: settings.coolDown,
  }
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<NewAction>
}

/** Throws `invalid` for settings that contradict each other. */
function refuseContradictions<A extends NewAction>(action: A): A {
  if (action.automatic && action.secondPerson)
    throw invalid(
      'auto',
      'An action with --second-person cannot run automatically. Leave out --auto or --second-person.',
    )
  if (action.automatic && action.matcher === null)
    throw invalid('for', 'An automatic action needs --for, such as --for "check:shop".')
  if (action.timeLimit > MAX_TIME_LIMIT_MS) throw invalid('time-limit', 'The time limit must be at most 1h.')
  return action
}

function refuseMatcher(text: string): void {
  try {
    readMatcher(text)
  } catch (error) {
    throw invalid('for', errorMessage(error))
  }
}
