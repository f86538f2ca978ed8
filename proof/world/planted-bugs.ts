// Bugs that a simulated world must find: each is one replacement in one file.

export type PlantedBug = { name: string; file: string; from: string; to: string }

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'a forgotten wake-up: the scheduler does not wake at deadlines of checks',
    file: 'src/jobs/scheduler.ts',
    from: 'due.push(nextDeadline(state, reachable), nextForgottenAlert(state)',
    to: 'due.push(nextForgottenAlert(state)',
  },
  {
    name: 'a wrong comparison: one miss more than --after',
    file: 'src/checks/check.ts',
    from: 'const down = wasDown || misses >= check.after',
    to: 'const down = wasDown || misses > check.after',
  },
  {
    name: 'a lost retry: a refused card is not tried again',
    file: 'src/notifications/delivery/delivery-loop.ts',
    from: 'if (refusal && !isStopped) sender.cancelRetry',
    to: 'if (refusal && isStopped) sender.cancelRetry',
  },
  {
    name: 'a lost retry: after a failure the next attempt is never',
    file: 'src/notifications/delivery/delivery-loop.ts',
    from: '...failure, nextAttemptAt: retryAt })',
    to: '...failure, nextAttemptAt: Number.MAX_SAFE_INTEGER })',
  },
  {
    name: 'a missing transaction: a beat and its alert are stored apart',
    file: 'src/state/group-commit.ts',
    from: 'const results = state.transaction(() => jobs.map(job => job.work()))',
    to: 'const results = jobs.map(job => job.work())',
  },
  {
    name: 'an answer too early: a beat that was not stored is answered 200',
    file: 'src/intake/pings/ping.ts',
    from: 'recordRefusal(options, ping, arrival, query, error)\n    return BUSY',
    to: 'recordRefusal(options, ping, arrival, query, error)\n    return OK',
  },
  {
    name: 'a message is not looked for after its answer was lost',
    file: 'src/notifications/delivery/send.ts',
    from: '  if (!earlier) return null\n',
    to: '  if (earlier || !earlier) return null\n',
  },
  {
    name: 'the nonce of a message is not noted before it is sent',
    file: 'src/notifications/delivery/send.ts',
    from: '  markSending(state, alert, channel.id, { kind, nonce, sentAt })\n',
    to: '  void sentAt\n',
  },
  {
    name: 'a double that arrived after all is not removed',
    file: 'src/notifications/delivery/double-messages.ts',
    from: 'for (const ref of refs.filter(other => other !== kept)) await remove(message, ref)',
    to: 'for (const ref of refs.filter(other => other === kept && other === null)) await remove(message, ref)',
  },
  {
    name: 'downtime of Vakt extends no deadline',
    file: 'src/checks/downtimes.ts',
    from: "const skipped = extendCheckDeadlines(state, from, to, earliest, kind === 'offline' ? 'lan' : undefined)",
    to: "const skipped = extendCheckDeadlines(state, from, from, from, kind === 'offline' ? 'lan' : undefined)",
  },
  {
    name: 'beats that a full disk refused are blamed on their jobs',
    file: 'src/checks/downtimes.ts',
    from: '    forgiveRefusedBeats(state, refused, earliest)\n',
    to: '    void refused\n',
  },
  {
    name: 'a sign of life while nothing can arrive',
    file: 'src/jobs/downtime-monitor.ts',
    from: 'if (isOnline() && isStoring()) markAlive(state, now)',
    to: 'markAlive(state, now)',
  },
  {
    name: 'the end of a run is taken from any run',
    file: 'src/checks/check.ts',
    from: 'const finishes = check.lastStartAt !== null && check.lastStartRid === rid',
    to: 'const finishes = check.lastStartAt !== null',
  },
  {
    name: 'whole days ignore the wall clock',
    file: 'src/time.ts',
    from: '  if (days === 0) return at + ms * times\n',
    to: '  if (days >= 0) return at + (ms + days * DAY) * times\n',
  },
  {
    name: 'an acknowledgement edits no card',
    file: 'src/alerts/alerts.ts',
    from: 'const shown = { version: alert.version + 1, undelivered: true, cardUpdateAt: null }',
    to: "const shown = { version: alert.version + ('acknowledgedAt' in changes ? 0 : 1), undelivered: true, cardUpdateAt: null }",
  },
  {
    name: 'cards are not made true after a backup was restored',
    file: 'src/notifications/delivery/restored-state.ts',
    from: '    refreshCards(state, channels, now)\n',
    to: '    void [channels, now, refreshCards]\n',
  },
  {
    name: 'deadlines stay where they were when the clock goes back',
    file: 'src/checks/downtimes.ts',
    from: 'return rewindChecks(state, now)',
    to: 'return rewindChecks(state, now + 40 * DAY)',
  },
  {
    name: 'a batch that is sent again with its key is stored again',
    file: 'src/logs/embedded/workers/append.ts',
    from: 'if (key !== null && !isLater) partition.saveReply',
    to: 'if (key !== null && isLater) partition.saveReply',
  },
  {
    name: 'a wrong comparison: an error is new only for a source that is known longer',
    file: 'src/detectors/rules/kinds/new-error.ts',
    from: 'now - source.firstSeenAt >= rule.for',
    to: 'now - source.firstSeenAt >= rule.for + DAY',
  },
  {
    name: 'a route with --continue takes the alert for itself',
    file: 'src/notifications/routing/route.ts',
    from: 'isTaken = !route.continues',
    to: 'isTaken = route !== null',
  },
  {
    name: 'an escalation that nobody carries out',
    file: 'src/notifications/routing/escalations.ts',
    from: 'if ((nextEscalation(state) ?? Number.POSITIVE_INFINITY) > now) return',
    to: 'if ((nextEscalation(state) ?? Number.POSITIVE_INFINITY) > 0) return',
  },
  {
    name: 'the handover of a rotation comes a shift late',
    file: 'src/notifications/routing/on-call.ts',
    from: 'const DAYS_PER_SHIFT = { daily: 1, weekly: 7 } as const',
    to: 'const DAYS_PER_SHIFT = { daily: 2, weekly: 7 } as const',
  },
  {
    name: 'nobody can stand in for whoever is on call',
    file: 'src/notifications/routing/on-call.ts',
    from: 'from <= now && now < until',
    to: 'from > now && now < until',
  },
  {
    name: 'a wrong comparison: a storm begins an alert late',
    file: 'src/alerts/suppression/storms.ts',
    from: '.get(projectId, now - WINDOW_MS, now, rate)!.n >= rate',
    to: '.get(projectId, now - WINDOW_MS, now, rate + 1)!.n > rate',
  },
]
