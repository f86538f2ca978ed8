// Commands for the record of an alert: notes while it is open, and a post-mortem afterwards.
import { z } from 'zod'
import { findAlert, listHistory } from '../../src/alerts/alerts.ts'
import { noteAlert } from '../../src/alerts/lifecycle.ts'
import { postMortem } from '../../src/alerts/post-mortem.ts'
import { positional } from '../../src/command/command.ts'
import { listDeliveries } from '../../src/notifications/delivery/outbox.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { alertNumber, command } from '../context.ts'
import { alertsResult, changedCard } from './alerts.ts'

const note = command({
  name: 'note',
  summary: 'Add a note to an alert: on its cards, in their threads and in its timeline',
  examples: ['note 42 the provider confirms an outage'],
  role: 'responder',
  args: {
    alert: alertNumber().describe('Alert number, such as 42'),
    text: positional(z.string().trim().min(1).max(1000)).describe('The note'),
  },
  run({ alert: id, text }, { state, by, now }) {
    const alert = noteAlert(state, id, by.name, text, now)
    return { card: changedCard(alert, `Note added: ${text}`), result: alertsResult(state, alert), quiet: true }
  },
})

const exportAlert = command({
  name: 'alerts export',
  summary: 'Export an alert as Markdown, for a post-mortem',
  examples: ['alerts export 42'],
  role: 'viewer',
  args: { alert: alertNumber().describe('Alert number, such as 42') },
  run({ alert: id }, { state, now }) {
    const alert = findAlert(state, id)
    const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
    const channels = listDeliveries(state, 1, now, id)
      .filter(({ notification }) => notification?.ref != null)
      .map(({ channel }) => channel)
    const markdown = postMortem(alert, project, listHistory(state, id), channels, now)
    const name = `alert-${id}.md`
    return {
      card: {
        title: `Alert ${id} as Markdown`,
        tone: 'plain',
        lines: ['Summary, timeline in UTC, actions by person, observations.'],
        file: { name, content: Buffer.from(markdown) },
      },
      result: { file: name, markdown },
    }
  },
})

export const alertNoteCommands = [note, exportAlert]
