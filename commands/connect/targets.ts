// The list of what can send to Vakt: each is a line here and a text in snippets/.

/** Ports that a target needs; each is off until its setting is set. */
export type NeededPort = 'SYSLOG_TCP_PORT' | 'SYSLOG_UDP_PORT' | 'GELF_UDP_PORT' | 'FLUENT_PORT'

export type ConnectTarget = {
  /** Also the name of its text. */
  name: string
  title: string
  aliases?: readonly string[]
  /** How its text is coloured. */
  language: string
  needs?: NeededPort
  /** A page of Vakt's documentation. */
  page: string
}

export const TARGETS: readonly ConnectTarget[] = [
  { name: 'curl', title: 'curl', aliases: ['http', 'api'], language: 'sh', page: 'docs/api.md' },
  {
    name: 'shell',
    title: 'the output of any program',
    aliases: ['bash', 'sh', 'pipe', 'stdout', 'file', 'nginx', 'apache', 'rust', 'logrus', 'zerolog', 'bunyan'],
    language: 'sh',
    page: 'docs/clients.md',
  },
  { name: 'docker', title: 'Docker', language: 'sh', needs: 'FLUENT_PORT', page: 'docs/syslog.md' },
  {
    name: 'compose',
    title: 'Docker Compose',
    aliases: ['docker-compose'],
    language: 'yaml',
    needs: 'FLUENT_PORT',
    page: 'docs/syslog.md',
  },
  {
    name: 'kubernetes',
    title: 'Kubernetes, with Fluent Bit',
    aliases: ['k8s', 'helm'],
    language: 'yaml',
    page: 'docs/logs.md',
  },
  {
    name: 'journald',
    title: 'the journal of systemd',
    aliases: ['journal', 'journalctl'],
    language: 'ini',
    page: 'docs/clients.md',
  },
  { name: 'rsyslog', title: 'rsyslog', language: 'sh', needs: 'SYSLOG_TCP_PORT', page: 'docs/syslog.md' },
  { name: 'syslog-ng', title: 'syslog-ng', language: 'sh', needs: 'SYSLOG_TCP_PORT', page: 'docs/syslog.md' },
  {
    name: 'syslog',
    title: 'routers, NAS and other devices',
    aliases: ['router', 'nas', 'firewall', 'logger'],
    language: 'sh',
    needs: 'SYSLOG_UDP_PORT',
    page: 'docs/syslog.md',
  },
  {
    name: 'graylog',
    title: 'what sends GELF',
    aliases: ['gelf'],
    language: 'sh',
    needs: 'GELF_UDP_PORT',
    page: 'docs/syslog.md',
  },
  { name: 'fluent-bit', title: 'Fluent Bit', aliases: ['fluentbit'], language: 'ini', page: 'docs/logs.md' },
  { name: 'fluentd', title: 'Fluentd', language: 'xml', page: 'docs/logs.md' },
  { name: 'vector', title: 'Vector', language: 'yaml', page: 'docs/logs.md' },
  { name: 'logstash', title: 'Logstash', language: 'ruby', page: 'docs/logs.md' },
  {
    name: 'filebeat',
    title: 'Filebeat',
    aliases: ['beats', 'elasticsearch', 'elastic'],
    language: 'yaml',
    page: 'docs/logs.md',
  },
  {
    name: 'otel-collector',
    title: 'the Collector of OpenTelemetry',
    aliases: ['otel', 'opentelemetry', 'otlp'],
    language: 'yaml',
    page: 'docs/logs.md',
  },
  {
    name: 'alloy',
    title: 'Grafana Alloy',
    aliases: ['grafana-alloy', 'promtail', 'loki'],
    language: 'hcl',
    page: 'docs/logs.md',
  },
  {
    name: 'pino',
    title: 'pino (Node.js)',
    aliases: ['node', 'nodejs', 'fastify'],
    language: 'js',
    page: 'docs/clients.md',
  },
  { name: 'winston', title: 'winston (Node.js)', language: 'js', page: 'docs/clients.md' },
  { name: 'structlog', title: 'structlog (Python)', language: 'python', page: 'docs/clients.md' },
  {
    name: 'python',
    title: 'logging (Python)',
    aliases: ['logging', 'django', 'flask'],
    language: 'python',
    page: 'docs/clients.md',
  },
  {
    name: 'logback',
    title: 'Logback (Java), Spring Boot',
    aliases: ['java', 'spring', 'spring-boot', 'kotlin'],
    language: 'xml',
    page: 'docs/clients.md',
  },
  { name: 'log4j2', title: 'Log4j 2 (Java)', aliases: ['log4j'], language: 'xml', page: 'docs/clients.md' },
  {
    name: 'serilog',
    title: 'Serilog (.NET)',
    aliases: ['dotnet', '.net', 'csharp', 'c#'],
    language: 'csharp',
    page: 'docs/clients.md',
  },
  { name: 'nlog', title: 'NLog (.NET)', language: 'xml', page: 'docs/clients.md' },
  { name: 'slog', title: 'slog (Go)', aliases: ['go', 'golang'], language: 'go', page: 'docs/clients.md' },
  { name: 'zap', title: 'zap (Go)', language: 'go', page: 'docs/clients.md' },
  { name: 'monolog', title: 'Monolog (PHP), Symfony', aliases: ['symfony'], language: 'php', page: 'docs/clients.md' },
  {
    name: 'ruby',
    title: 'Logger (Ruby), Rails',
    aliases: ['rails', 'sinatra'],
    language: 'ruby',
    page: 'docs/clients.md',
  },
  { name: 'heroku', title: 'Heroku', aliases: ['logplex', 'drain'], language: 'sh', page: 'docs/clients.md' },
  {
    name: 'laravel',
    title: 'Laravel (PHP)',
    aliases: ['php'],
    language: 'sh',
    needs: 'SYSLOG_UDP_PORT',
    page: 'docs/syslog.md',
  },
  {
    name: 'github-actions',
    title: 'GitHub Actions',
    aliases: ['github', 'actions', 'ci'],
    language: 'yaml',
    page: 'docs/clients.md',
  },
  {
    name: 'prometheus',
    title: 'Prometheus, vmalert (alerts)',
    aliases: ['vmalert', 'mimir'],
    language: 'yaml',
    page: 'docs/detection.md',
  },
  {
    name: 'alertmanager',
    title: 'Prometheus Alertmanager (alerts)',
    language: 'yaml',
    page: 'docs/detection.md',
  },
  {
    name: 'grafana',
    title: 'Grafana (alerts)',
    aliases: ['grafana-alerting'],
    language: 'yaml',
    page: 'docs/detection.md',
  },
  {
    name: 'uptime-kuma',
    title: 'Uptime Kuma (alerts)',
    aliases: ['kuma'],
    language: 'ini',
    page: 'docs/detection.md',
  },
  { name: 'sentry', title: 'Sentry (alerts)', language: 'ini', page: 'docs/detection.md' },
  {
    name: 'webhook',
    title: 'any webhook (alerts)',
    aliases: ['webhooks', 'alerts'],
    language: 'sh',
    page: 'docs/detection.md',
  },
  {
    name: 'cron',
    title: 'cron jobs',
    aliases: ['crontab', 'job', 'beat', 'vakt-beat', 'job.sh', 'heartbeat'],
    language: 'sh',
    page: 'docs/checks.md',
  },
  {
    name: 'systemd-timers',
    title: 'systemd timers',
    aliases: ['systemd', 'timer', 'systemd-timer'],
    language: 'ini',
    page: 'docs/checks.md',
  },
  {
    name: 'powershell',
    title: 'PowerShell, scheduled tasks',
    aliases: ['windows', 'pwsh', 'task-scheduler'],
    language: 'powershell',
    page: 'docs/clients.md',
  },
]
