// Lists and shows actions and their runs.
import { z } from 'zod'
import { runCard } from '../../src/alerts/run-card.ts'
import type { Button } from '../../src/card.ts'
import { completes } from '../../src/command/command.ts'
import { listRuns, readRun } from '../../src/hosts/actions/action-runs.ts'
import { findAction, listActions } from '../../src/hosts/actions/actions.ts'
import { Problem } from '../../src/problem.ts'
import { plural } from '../../src/text.ts'
import { command } from '../context.ts'
import {
  actionFields,
  actionName,
  actionResult,
  actionRow,
  historyLine,
  listTargets,
  runResult,
  writeSentLine,
} from './action-card.ts'

const PAGE_SIZE = 15
const MAX_RUN_BUTTONS = 4

const list = command({
  name: 'actions list',
  summary: 'List the actions for hosts and containers',
  examples: ['actions list'],
  role: 'viewer',
  args: { page: z.number().int().min(1).optional().describe('Page number') },
  run({ page = 1 }, { state, by }) {
    const found = listActions(state)
    const shown = found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    const empty =
      found.length > 0
        ? 'This page does not exist.'
        : `${by.role === 'admin' ? 'Define one' : 'An admin can define one'}: actions add restart-nginx --on web-1 --run "sudo -n systemctl restart nginx"`
    return {
      card: {
        title: found.length === 0 ? 'No actions' : plural(found.length, 'action'),
        tone: 'plain',
        ...(shown.length > 0 ? { rows: shown.map(actionRow) } : { lines: [empty] }),
        page: {
          ...(page > 1 ? { previous: { label: 'Previous', line: `actions list --page ${page - 1}` } } : {}),
          ...(found.length > page * PAGE_SIZE
            ? { next: { label: 'Next', line: `actions list --page ${page + 1}` } }
            : {}),
        },
        ...(found.length > 0 ? { buttons: [{ label: 'History', line: 'actions history' }] } : {}),
      },
      result: { actions: found.map(actionResult) },
    }
  },
})

const show = command({
  name: 'actions show',
  summary: 'Show an action: command, targets, alerts and last runs',
  examples: ['actions show restart-nginx'],
  role: 'viewer',
  args: { action: actionName().describe('Name of the action') },
  run({ action: name }, context) {
    const { state, by } = context
    const action = findAction(state, name)
    const runs = listRuns(state, { actionId: action.id, limit: 3 })
    const targets = listTargets(context, action)
    const sent = writeSentLine(context, action)
    return {
      card: {
        title: `Action ${action.name}`,
        tone: 'plain',
        lines: runs.length > 0 ? runs.map(historyLine) : ['It has never run.'],
        fields: actionFields(context, action),
        // A forced command on the host needs the whole line.
        code: {
          text:
            by.role === 'admin' ? `${action.command}\n\n# The line that reaches the host:\n${sent}` : action.command,
          language: 'sh',
        },
        buttons: [
          ...targets
            .slice(0, MAX_RUN_BUTTONS)
            .map(
              (target): Button => ({ label: `Run on ${target}`, line: `actions run ${action.name} --on ${target}` }),
            ),
          { label: 'History', line: `actions history ${action.name}` },
        ],
        footer: ['Changed by ', action.changedBy, ' ', { time: action.changedAt, style: 'moment' }],
      },
      result: { action: actionResult(action), targets, places: targets, sent, runs: runs.map(runResult) },
    }
  },
})

const history = command({
  name: 'actions history',
  summary: 'List runs of actions, newest first, or show one with its output',
  examples: ['actions history', 'actions history restart-nginx', 'actions history --id 7'],
  role: 'responder',
  changes: false,
  args: {
    action: actionName().optional().describe('Only runs of this action; or the number of a run'),
    host: completes(z.string().max(63), 'host').optional().describe('Only runs on this host'),
    id: z.number().int().positive().optional().describe('Number of one run to show with its output'),
    before: z.number().int().positive().optional().describe('Only runs with a smaller number'),
  },
  run({ action: name, host, id: number, before }, { state }) {
    const isActionName = name !== undefined && listActions(state).some(action => action.name === name)
    const id = number ?? (!isActionName && /^\d{1,15}$/.test(name ?? '') ? Number(name) : undefined)
    if (id !== undefined) {
      const run = readRun(state, id)
      if (!run) throw new Problem('not_found', `There is no run ${id}. "actions history" shows all runs.`)
      return { card: runCard(run), result: { runs: [runResult(run)] } }
    }
    const action = name === undefined ? undefined : findAction(state, name)
    const found = listRuns(state, {
      ...(action ? { actionId: action.id } : {}),
      ...(host === undefined ? {} : { host }),
      ...(before === undefined ? {} : { before }),
      limit: PAGE_SIZE + 1,
    })
    const shown = found.slice(0, PAGE_SIZE)
    const flags = [action?.name ?? '', host === undefined ? '' : `--host ${host}`].filter(word => word !== '')
    const older = ['actions history', ...flags, `--before ${shown.at(-1)?.id}`].join(' ')
    return {
      card: {
        title: shown.length === 0 ? 'No runs' : 'Runs of actions, newest first',
        tone: 'plain',
        lines: shown.length > 0 ? shown.map(historyLine) : ['"actions list" shows the actions.'],
        buttons: [
          ...shown
            .slice(0, 3)
            .map((run): Button => ({ label: `Run ${run.id}`, line: `actions history --id ${run.id}` })),
          ...(found.length > PAGE_SIZE ? [{ label: 'Older', line: older }] : []),
        ],
      },
      result: { runs: shown.map(runResult) },
    }
  },
})

export const actionCommands = [list, show, history]
