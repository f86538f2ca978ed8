// What other programs send, as their documentation and sources have it, shortened where nothing is read.

/** Grafana's documentation, "Webhook notifier". */
export const GRAFANA = {
  receiver: 'My Super Webhook',
  status: 'firing',
  orgId: 1,
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'High memory usage', team: 'blue', zone: 'us-1' },
      annotations: {
        description: 'The system has high memory usage',
        runbook_url: 'https://myrunbook.com/runbook/1234',
        summary: 'This alert was triggered for zone us-1',
      },
      startsAt: '2026-03-02T08:51:03.157076+02:00',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'https://play.grafana.org/alerting/1afz29v7z/edit',
      fingerprint: 'c6eadffa33fcdf37',
      silenceURL: 'https://play.grafana.org/alerting/silence/new?alertmanager=grafana',
      dashboardURL: '',
      panelURL: '',
      values: { B: 44.23943737541908, C: 1 },
    },
    {
      status: 'resolved',
      labels: { alertname: 'High CPU usage', team: 'blue', zone: 'eu-1' },
      annotations: {},
      startsAt: '2026-03-02T08:00:00Z',
      endsAt: '2026-03-02T08:40:00Z',
      fingerprint: 'bc97ff14869b13e3',
      values: null,
    },
  ],
  groupLabels: {},
  commonLabels: { team: 'blue' },
  commonAnnotations: {},
  externalURL: 'https://play.grafana.org/',
  version: '1',
  groupKey: '{}:{}',
  truncatedAlerts: 0,
  title: '[FIRING:1]  (blue)',
  state: 'alerting',
  message: '**Firing** …',
}

/** A rule of Grafana that gets no data. */
export const GRAFANA_NO_DATA = {
  ...GRAFANA,
  alerts: [
    {
      status: 'firing',
      labels: {
        alertname: 'DatasourceNoData',
        rulename: 'Orders per minute',
        grafana_folder: 'Shop',
        severity: 'critical',
      },
      annotations: {},
      fingerprint: 'aa',
    },
  ],
}

/** Grafana before version 8. */
export const GRAFANA_LEGACY = {
  dashboardId: 1,
  evalMatches: [{ value: 100, metric: 'High value', tags: null }],
  imageUrl: 'https://grafana.com/assets/img/blog/mixed_styles.png',
  message: 'Someone is testing the alert notification within Grafana.',
  orgId: 0,
  panelId: 1,
  ruleId: 7,
  ruleName: 'Memory',
  ruleUrl: 'https://grafana.example.org/',
  state: 'alerting',
  tags: { severity: 'page' },
  title: '[Alerting] Memory',
}

/** Uptime Kuma 2: `Monitor.sendNotification`. */
export const KUMA = (status: number, msg = 'connect ECONNREFUSED 10.0.0.7:443') => ({
  heartbeat: {
    ...{ monitorID: 29, status, time: '2026-03-02 08:58:00.000', msg, important: true, duration: 60, retries: 1 },
    ...{ timezone: 'Europe/Oslo', timezoneOffset: '+01:00', localDateTime: '2026-03-02 09:58:00' },
  },
  monitor: {
    ...{ id: 29, name: 'Shop', description: null, pathName: 'Sites / Shop', type: 'http', hostname: null, port: null },
    ...{ url: 'https://shop.example.org/health', tags: [{ tag_id: 1, name: 'team', value: 'web', color: '#fff' }] },
  },
  msg: `[Shop] [${status === 0 ? '🔴 Down' : '✅ Up'}] ${msg}`,
})

/** Sentry's documentation, "Issue Alerts". */
export const SENTRY_EVENT = {
  action: 'triggered',
  installation: { uuid: '7a485448-a9e2-4c85-8a3c-4f44175783c9' },
  data: {
    event: {
      ...{
        event_id: 'e4874d664c3540c1a32eab185f12c5ab',
        issue_id: '1117540176',
        level: 'error',
        platform: 'javascript',
      },
      ...{ culprit: '?(<anonymous>)', datetime: '2026-03-02T08:55:03.379000Z', project: 1, logger: '' },
      title: 'ReferenceError: blooopy is not defined',
      message: '',
      metadata: { type: 'ReferenceError', value: 'blooopy is not defined', filename: '<anonymous>' },
      tags: [
        ['browser', 'Chrome 75.0.3770'],
        ['environment', 'prod'],
        ['server_name', 'web-1'],
      ],
      url: 'https://sentry.io/api/0/projects/test-org/front-end/events/e4874d664c3540c1a32eab185f12c5ab/',
      web_url: 'https://sentry.io/organizations/test-org/issues/1117540176/events/e4874d664c3540c1a32eab185f12c5ab/',
    },
    triggered_rule: 'Very Important Alert Rule!',
  },
  actor: { type: 'application', id: 'sentry', name: 'Sentry' },
}

/** Sentry's documentation, "Issues". */
export const SENTRY_ISSUE = (action: string) => ({
  action,
  installation: { uuid: 'a8e5d37a' },
  data: {
    issue: {
      ...{ id: '1117540176', shortId: 'FRONT-END-7', title: 'ReferenceError: blooopy is not defined', level: 'fatal' },
      ...{ culprit: '?(<anonymous>)', status: 'unresolved', substatus: 'regressed', count: '12', userCount: 3 },
      metadata: { type: 'ReferenceError', value: 'blooopy is not defined' },
      project: { id: '1', name: 'Front End', slug: 'front-end', platform: 'javascript' },
      web_url: 'https://sentry.io/organizations/test-org/issues/1117540176/',
    },
  },
  actor: { type: 'user', id: 1, name: 'colleen' },
})

/** Sentry's documentation, "Metric Alerts". */
export const SENTRY_METRIC = (action: string) => ({
  action,
  data: {
    metric_alert: {
      ...{ id: '1', identifier: '7', date_started: '2026-03-02T08:30:00Z', projects: ['front-end'], status: 20 },
      alert_rule: { id: '9', name: 'Too many errors', aggregate: 'count()', query: 'level:error', environment: null },
    },
    description_text: '1000 events in the last 10 minutes\\nFilter: level:error',
    description_title: 'Resolved: Too many errors',
    web_url: 'https://sentry.io/organizations/test-org/alerts/rules/details/9/',
  },
  actor: { type: 'application', id: 'sentry', name: 'Sentry' },
})

/** Sentry's WebHooks plugin. */
export const SENTRY_PLUGIN = {
  ...{ id: '27379932', project: 'project-slug', project_name: 'Project Name', project_slug: 'project-slug' },
  ...{ logger: null, level: 'error', culprit: 'raven.scripts.runner in main', message: 'This is an example' },
  url: 'https://app.getsentry.com/getsentry/project-slug/issues/27379932/',
  triggering_rules: ['new errors'],
  event: { event_id: '34', title: 'This is an example Python exception', environment: 'staging' },
}

/** GitHub's documentation, `workflow_run`. */
export const GITHUB = (conclusion: string | null, branch = 'main', more: object = {}) => ({
  action: conclusion === null ? 'in_progress' : 'completed',
  workflow_run: {
    ...{ id: 30433642, name: 'Build', head_branch: branch, head_sha: 'acb5820ced9479c074f688cc328bf03f341a511d' },
    ...{ run_number: 562, event: 'push', status: 'completed', conclusion, workflow_id: 159038, pull_requests: [] },
    html_url: 'https://github.com/octo-org/octo-repo/actions/runs/30433642',
    updated_at: '2026-03-02T08:57:00Z',
    actor: { login: 'octocat' },
    head_commit: { message: 'Create linter.yaml\n\nmore', author: { name: 'Octo Cat' } },
    ...more,
  },
  workflow: { id: 159038, name: 'Build' },
  repository: { full_name: 'octo-org/octo-repo', default_branch: 'main' },
  sender: { login: 'octocat' },
})
