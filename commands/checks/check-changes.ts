// The commands that pause, resume and remove checks.
import { endCheckAlerts } from '../../src/alerts/check-alerts.ts'
import { pauseCheck, removeCheck, resumeCheck } from '../../src/checks/checks.ts'
import { confirmation } from '../confirmation.ts'
import { checkName, checkOf, command, projectName, yes } from '../context.ts'
import { checkCard, checkResult, nameInLine } from './check-card.ts'

const pause = command({
  name: 'checks pause',
  summary: 'Pause a check',
  examples: ['checks pause nightly-backup'],
  role: 'responder',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    project: projectName().optional().describe('Project of the check'),
  },
  run({ name, project }, context) {
    const paused = pauseCheck(context.state, checkOf(context, name, project), context.now)
    endCheckAlerts(context.state, paused, context.by.name, context.now)
    const until = paused.manualResume || paused.probed ? '"checks resume"' : 'its next beat or "checks resume"'
    return {
      card: {
        title: `${paused.name} is paused`,
        tone: 'muted',
        lines: [`It fires no alerts until ${until}.`],
        buttons: [{ label: 'Resume', line: `checks resume ${nameInLine(paused, context)}` }],
      },
      result: checkResult(context, paused),
    }
  },
})

const resume = command({
  name: 'checks resume',
  summary: 'Resume a paused check',
  examples: ['checks resume nightly-backup'],
  role: 'responder',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    project: projectName().optional().describe('Project of the check'),
  },
  run({ name, project }, context) {
    const resumed = resumeCheck(context.state, checkOf(context, name, project), context.now)
    return { card: checkCard(resumed, context), result: checkResult(context, resumed) }
  },
})

const remove = command({
  name: 'checks remove',
  summary: 'Remove a check and its beats; its ping URL stops working',
  examples: ['checks remove nightly-backup'],
  role: 'responder',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    project: projectName().optional().describe('Project of the check'),
    yes: yes(),
  },
  run({ name, project, yes }, context) {
    const check = checkOf(context, name, project)
    if (context.interactive && !yes) {
      const noun = check.probed ? 'result' : 'beat'
      const beats = check.beats === 1 ? `1 ${noun} is` : `${check.beats.toLocaleString('en')} ${noun}s are`
      const deleted = check.probed
        ? 'deleted with its response times and availability'
        : 'deleted and its ping URL stops working'
      return confirmation(
        `Remove the check ${check.name}?`,
        [`${beats} ${deleted}. This cannot be undone; "checks pause" can.`],
        { line: `checks remove ${nameInLine(check, context)}` },
        [{ label: 'Pause it instead', line: `checks pause ${nameInLine(check, context)}` }],
      )
    }
    const result = checkResult(context, check)
    endCheckAlerts(context.state, check, context.by.name, context.now)
    removeCheck(context.state, check)
    return {
      card: {
        title: `Check ${check.name} removed`,
        tone: 'muted',
        lines: [check.probed ? 'Vakt does not probe it any more.' : 'Remove the curl line from the job as well.'],
      },
      result,
      audit: { count: check.beats },
    }
  },
})

export const checkChangeCommands = [pause, resume, remove]
