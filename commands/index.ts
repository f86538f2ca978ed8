// The explicit list of everything that can be said to Vakt.
import type { PlatformDefinition } from '../src/chat/platform-definition.ts'
import { PLATFORMS } from '../src/chat/platforms.ts'
import type { Command } from '../src/command/command.ts'
import { createRuleKinds, type RuleKinds } from '../src/detectors/rules/rule-kind.ts'
import { RULE_KINDS } from '../src/detectors/rules/rule-kinds.ts'
import { actionChangeCommands } from './actions/action-changes.ts'
import { actionRunCommands } from './actions/action-runs.ts'
import { actionCommands } from './actions/actions.ts'
import { auditCommands } from './admin/audit.ts'
import { connectivityCommands } from './admin/connectivity.ts'
import { doctorCommands } from './admin/doctor.ts'
import { forwardCommands } from './admin/forwards.ts'
import { helpCommand } from './admin/help.ts'
import { keyCommands } from './admin/keys.ts'
import { projectCommands } from './admin/projects.ts'
import { roleCommands } from './admin/roles.ts'
import { satelliteCommands } from './admin/satellites.ts'
import { scenarioCommands } from './admin/scenarios.ts'
import { statusCommands } from './admin/status.ts'
import { statusPageCommands } from './admin/status-pages.ts'
import { ackCommands } from './alerts/ack.ts'
import { alertNoteCommands } from './alerts/alert-notes.ts'
import { alertCommands } from './alerts/alerts.ts'
import { maintenanceCommands } from './alerts/maintenance.ts'
import { quietCommands } from './alerts/quiet-hours.ts'
import { silenceCommands } from './alerts/silence.ts'
import { suppressionCommands } from './alerts/suppression.ts'
import { analyzeCommands } from './analysis/analyze.ts'
import { analyzerCommands } from './analysis/analyzers.ts'
import { checkChangeCommands } from './checks/check-changes.ts'
import { checksNext } from './checks/check-next.ts'
import { checksOutput } from './checks/check-output.ts'
import { checkCommands } from './checks/checks.ts'
import { crontabCommands } from './checks/import-crontab.ts'
import { probeCommands } from './checks/probe-commands.ts'
import { connectCommands } from './connect/connect.ts'
import { followCommands } from './containers/container-follows.ts'
import { containerMetricCommands } from './containers/container-metrics.ts'
import { containerTailCommands } from './containers/container-tail.ts'
import { containerCommands } from './containers/containers.ts'
import type { Context } from './context.ts'
import { hostChangeCommands } from './hosts/host-changes.ts'
import { hostLogCommands } from './hosts/host-logs.ts'
import { hostCommands } from './hosts/hosts.ts'
import { importCommands } from './imports/imports.ts'
import { errorCommands } from './logs/errors.ts'
import { formatCommands } from './logs/formats.ts'
import { logArchiveCommands } from './logs/log-archives.ts'
import { logEngineCommands } from './logs/log-engine.ts'
import { logExportCommands } from './logs/log-export.ts'
import { logSalvageCommands } from './logs/log-salvage.ts'
import { logStatisticsCommands } from './logs/log-statistics.ts'
import { logTailCommands } from './logs/log-tail.ts'
import { logZoneCommands } from './logs/log-zone.ts'
import { logCommands } from './logs/logs.ts'
import { savedSearchCommands } from './logs/saved-searches.ts'
import { boardCommands } from './notifications/board.ts'
import { channelCommands } from './notifications/channels.ts'
import { escalationCommands } from './notifications/escalations.ts'
import { oncallCommands } from './notifications/oncall.ts'
import { memberCommands } from './notifications/oncall-members.ts'
import { reportCommands } from './notifications/reports.ts'
import { routeCommands } from './notifications/routes.ts'
import { createRuleTestCommand } from './rules/rule-test.ts'
import { createRuleCommands } from './rules/rules.ts'

/** All commands; those about channels, people, roles and rules know the platforms and the rule kinds of the lists. */
export function createCommands(
  platforms: readonly PlatformDefinition[],
  ruleKinds: RuleKinds = createRuleKinds(RULE_KINDS),
): readonly Command<Context>[] {
  const commands: readonly Command<Context>[] = [
    ...scenarioCommands,
    ...statusCommands,
    ...boardCommands,
    ...statusPageCommands,
    ...connectivityCommands,
    ...doctorCommands,
    ...alertCommands,
    ...ackCommands,
    ...alertNoteCommands,
    ...routeCommands,
    ...escalationCommands,
    ...oncallCommands,
    ...memberCommands(platforms),
    ...channelCommands(platforms),
    ...reportCommands,
    ...silenceCommands,
    ...maintenanceCommands,
    ...quietCommands,
    ...suppressionCommands,
    ...checkCommands,
    checksNext,
    checksOutput,
    ...checkChangeCommands,
    ...probeCommands,
    ...crontabCommands,
    ...logCommands,
    ...logTailCommands,
    ...logStatisticsCommands,
    ...logExportCommands,
    ...savedSearchCommands,
    ...logArchiveCommands,
    ...logEngineCommands,
    ...logSalvageCommands,
    ...createRuleCommands(ruleKinds),
    createRuleTestCommand(ruleKinds),
    ...errorCommands,
    ...formatCommands,
    ...logZoneCommands,
    ...analyzeCommands,
    ...analyzerCommands,
    ...hostCommands,
    ...hostChangeCommands,
    ...hostLogCommands,
    ...containerCommands,
    ...containerTailCommands,
    ...followCommands,
    ...containerMetricCommands,
    ...actionCommands,
    ...actionRunCommands,
    ...actionChangeCommands,
    ...projectCommands,
    ...keyCommands,
    ...connectCommands,
    ...forwardCommands,
    ...satelliteCommands,
    ...importCommands,
    ...roleCommands(platforms),
    ...auditCommands,
    helpCommand(() => commands),
  ]
  return commands
}

export const commands = createCommands(PLATFORMS)
