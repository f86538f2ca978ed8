// The explicit list of everything that can be said to Vakt.
import type { Command } from '../src/command.ts'
import { ackCommands } from './ack.ts'
import { actionChangeCommands } from './action-changes.ts'
import { actionRunCommands } from './action-runs.ts'
import { actionCommands } from './actions.ts'
import { alertStoryCommands } from './alert-story.ts'
import { alertCommands } from './alerts.ts'
import { analyzeCommands } from './analyze.ts'
import { channelCommands } from './channels.ts'
import { checkChangeCommands } from './check-changes.ts'
import { checksNext } from './check-next.ts'
import { checkCommands } from './checks.ts'
import { connectivityCommands } from './connectivity.ts'
import { figureCommands } from './container-figures.ts'
import { followCommands } from './container-follows.ts'
import { containerTailCommands } from './container-tail.ts'
import { containerCommands } from './containers.ts'
import type { Context } from './context.ts'
import { errorCommands } from './errors.ts'
import { escalationCommands } from './escalations.ts'
import { helpCommand } from './help.ts'
import { holdCommands } from './holds.ts'
import { hostChangeCommands } from './host-changes.ts'
import { hostLogCommands } from './host-logs.ts'
import { hostCommands } from './hosts.ts'
import { keyCommands } from './keys.ts'
import { logArchiveCommands } from './log-archives.ts'
import { logFigureCommands } from './log-figures.ts'
import { logKeepingCommands } from './log-keeping.ts'
import { logTailCommands } from './log-tail.ts'
import { logCommands } from './logs.ts'
import { maintenanceCommands } from './maintenance.ts'
import { oncallCommands } from './oncall.ts'
import { memberCommands } from './oncall-members.ts'
import { projectCommands } from './projects.ts'
import { quietCommands } from './quiet.ts'
import { reportCommands } from './reports.ts'
import { roleCommands } from './roles.ts'
import { routeCommands } from './routes.ts'
import { ruleTestCommands } from './rule-test.ts'
import { ruleCommands } from './rules.ts'
import { silenceCommands } from './silence.ts'
import { statusCommands } from './status.ts'

export const commands: readonly Command<Context>[] = [
  ...statusCommands,
  ...connectivityCommands,
  ...alertCommands,
  ...ackCommands,
  ...alertStoryCommands,
  ...routeCommands,
  ...escalationCommands,
  ...oncallCommands,
  ...memberCommands,
  ...channelCommands,
  ...reportCommands,
  ...silenceCommands,
  ...maintenanceCommands,
  ...quietCommands,
  ...holdCommands,
  ...checkCommands,
  checksNext,
  ...checkChangeCommands,
  ...logCommands,
  ...logTailCommands,
  ...logFigureCommands,
  ...logKeepingCommands,
  ...logArchiveCommands,
  ...ruleCommands,
  ...ruleTestCommands,
  ...errorCommands,
  ...analyzeCommands,
  ...hostCommands,
  ...hostChangeCommands,
  ...hostLogCommands,
  ...containerCommands,
  ...containerTailCommands,
  ...followCommands,
  ...figureCommands,
  ...actionCommands,
  ...actionRunCommands,
  ...actionChangeCommands,
  ...projectCommands,
  ...keyCommands,
  ...roleCommands,
  helpCommand(() => commands),
]
