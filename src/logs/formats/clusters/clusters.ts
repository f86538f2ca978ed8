// Clusters, supercomputers and cloud platforms that people run themselves.
import type { TextFormat } from '../format.ts'

const LEVEL = '(?<level>TRACE|DEBUG|INFO|AUDIT|NOTICE|WARN|WARNING|ERROR|SEVERE|FAILURE|FATAL|CRITICAL)'

export const CLUSTERS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'health-app',
    title: 'phones whose times are not padded',
    after: 'start',
    first: '0-9',
    has: '|',
    pattern:
      /^(?<time>\d{8}-\d{1,2}:\d{1,2}:\d{1,2}:\d{1,3})\|(?<component>[^|]{1,100})\|(?<pid>\d{1,12})\|(?<message>.*)$/s,
    examples: [
      {
        text: '20261129-10:0:1:44|Step_LSC|30002312|onStandStepChanged 3579',
        level: 'info',
        time: '2026-11-29T10:00:01.044Z',
        message: 'onStandStepChanged 3579',
        attributes: { component: 'Step_LSC', pid: 30002312 },
      },
      {
        text: '20261129-10:00:01:606|Step_ScreenUtil|30002312|screen status unknown,think screen on',
        level: 'info',
        time: '2026-11-29T10:00:01.606Z',
        message: 'screen status unknown,think screen on',
        attributes: { component: 'Step_ScreenUtil', pid: 30002312 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'proxifier',
    title: 'Proxifier and other programs with a day and a month in dots',
    after: 'start',
    first: '[',
    has: '] ',
    pattern: /^\[(?<time>\d\d\.\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)\] (?<message>.*)$/s,
    examples: [
      {
        text: '[11.29 10:00:01] chrome.exe - proxy.example:5070 open through proxy proxy.example:5070 HTTPS',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'chrome.exe - proxy.example:5070 open through proxy proxy.example:5070 HTTPS',
      },
    ],
  },
  {
    kind: 'text',
    name: 'log-file-name',
    title: 'tail, grep and others that write the name of the file before its lines',
    after: 'start',
    first: 'a-zA-Z/.0-9',
    has: '.log',
    pattern:
      /^(?<file>[\w./-]{0,200}\.log(?:[.-][\w:.-]{1,40})?)[: ] ?(?<message>[[<]?(?:\d{4}[-/]\d\d[-/]\d\d[T ]|[A-Z][a-z]{2} [ \d]\d ).*)$/s,
    isPrefix: true,
    examples: [
      {
        text: 'nova-api.log.1.2017-05-16_13:53:08 2026-11-29 10:00:01.008 25746 INFO nova.osapi_compute.wsgi.server [req-38101a0b - - -] 10.11.10.1 "GET /v2/servers HTTP/1.1" status: 200 len: 1893 time: 0.25',
        level: 'info',
        time: '2026-11-29T10:00:01.008Z',
        message: '10.11.10.1 "GET /v2/servers HTTP/1.1" status: 200 len: 1893 time: 0.25',
        attributes: {
          file: 'nova-api.log.1.2017-05-16_13:53:08',
          pid: 25746,
          logger: 'nova.osapi_compute.wsgi.server',
          context: 'req-38101a0b - - -',
        },
      },
      {
        text: '/var/log/app.log:2026-11-29 10:00:01 ERROR disk full',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'ERROR disk full',
        attributes: { file: '/var/log/app.log' },
      },
      {
        text: 'messages.log: Nov 29 10:00:01 web-1 cart[42]: no stock',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'cart',
        host: 'web-1',
        message: 'no stock',
        attributes: { file: 'messages.log', pid: 42 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'openstack',
    title: 'OpenStack (oslo.log)',
    after: 'time',
    first: '0-9',
    has: ' [',
    pattern: new RegExp(
      String.raw`^(?<pid>\d{1,10}) ${LEVEL} (?<logger>[\w.-]{1,200}) \[(?<context>[^\]]{0,300})\] (?<message>.*)$`,
      's',
    ),
    levels: { AUDIT: 'info' },
    examples: [
      {
        text: '2026-11-29 10:00:01.123 2931 ERROR nova.compute.manager [req-3ea4052c-895d-4b64-9e2d-04d64c4d94ab - - - - -] Instance failed to spawn',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Instance failed to spawn',
        attributes: {
          pid: 2931,
          logger: 'nova.compute.manager',
          context: 'req-3ea4052c-895d-4b64-9e2d-04d64c4d94ab - - - - -',
        },
      },
      {
        text: '2026-11-29 10:00:01.123 7 WARNING oslo_config.cfg [-] Option "rpc_backend" is deprecated',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Option "rpc_backend" is deprecated',
        attributes: { pid: 7, logger: 'oslo_config.cfg' },
      },
      {
        text: '2026-11-29 10:00:01.123 7 AUDIT nova.service [-] Starting compute node',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Starting compute node',
        attributes: { pid: 7, logger: 'nova.service' },
      },
      {
        text: '2026-11-29 10:00:01.123 7 CRITICAL keystone [req-1 - - - - -] Unhandled error: OperationalError',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Unhandled error: OperationalError',
        attributes: { pid: 7, logger: 'keystone', context: 'req-1 - - - - -' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'hdfs',
    title: 'Hadoop with a date of six digits',
    after: 'start',
    first: '0-9',
    has: ': ',
    pattern: new RegExp(
      String.raw`^(?<time>\d{6} \d{6}) (?<pid>\d{1,10}) ${LEVEL} (?<logger>[\w.$]{1,200}): (?<message>.*)$`,
      's',
    ),
    examples: [
      {
        text: '261129 100001 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block blk_38865049064139660 terminating',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'PacketResponder 1 for block blk_38865049064139660 terminating',
        attributes: { pid: 148, logger: 'dfs.DataNode$PacketResponder' },
      },
      {
        text: '261129 100001 35 WARN dfs.DataNode$DataXceiver: Got exception while serving blk_-2126554733521224025',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'Got exception while serving blk_-2126554733521224025',
        attributes: { pid: 35, logger: 'dfs.DataNode$DataXceiver' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'ras',
    title: 'RAS events of BlueGene',
    after: 'start',
    first: '-A-Z',
    has: '.',
    pattern: new RegExp(
      String.raw`^(?<label>-|[A-Z_]{1,20}) (?<time>\d{9,10}) \d{4}\.\d\d\.\d\d (?<host>\S{1,100}) (?<event_time>\S{1,40}) \S{1,100} (?<type>RAS|NULL) (?<component>[A-Z_]{1,20}) ${LEVEL} (?<message>.*)$`,
      's',
    ),
    examples: [
      {
        text: '- 1795946401 2026.11.29 R02-M1-N0-C:J12-U11 2026-11-29-10.00.01.675872 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        host: 'R02-M1-N0-C:J12-U11',
        message: 'instruction cache parity error corrected',
        attributes: { event_time: '2026-11-29-10.00.01.675872', type: 'RAS', component: 'KERNEL' },
      },
      {
        text: 'APPREAD 1795946401 2026.11.29 R04-M1-N4-I:J18-U11 2026-11-29-10.00.01.432192 R04-M1-N4-I:J18-U11 RAS APP FATAL ciod: failed to read message prefix on control stream',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        host: 'R04-M1-N4-I:J18-U11',
        message: 'ciod: failed to read message prefix on control stream',
        attributes: { label: 'APPREAD', event_time: '2026-11-29-10.00.01.432192', type: 'RAS', component: 'APP' },
      },
      {
        text: '- 1795946401 2026.11.29 R71-M0-NC-C:J13-U11 2026-11-29-10.00.01.1 R71-M0-NC-C:J13-U11 RAS MMCS FAILURE board failed',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        host: 'R71-M0-NC-C:J13-U11',
        message: 'board failed',
        attributes: { event_time: '2026-11-29-10.00.01.1', type: 'RAS', component: 'MMCS' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'cluster-syslog',
    title: 'syslog of clusters, collected with a label and seconds since 1970',
    after: 'start',
    first: '-A-Z',
    has: '.',
    pattern:
      /^(?<label>-|[A-Z_-]{1,30}) (?<time>\d{9,10}) \d{4}\.\d\d\.\d\d (?<host>\S{1,100}) [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d (?<node>\S{1,100}) (?:(?<source>[\w./@+~()-]{1,100})(?:\[(?<pid>\d{1,10})\])?: )?(?<message>.*)$/s,
    examples: [
      {
        text: '- 1795946401 2026.11.29 dn228 Nov 29 10:00:01 dn228/dn228 crond(pam_unix)[2915]: session closed for user root',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'crond(pam_unix)',
        host: 'dn228',
        message: 'session closed for user root',
        attributes: { node: 'dn228/dn228', pid: 2915 },
      },
      {
        text: 'VAPI 1795946401 2026.11.29 tbird-1 Nov 29 10:00:01 local@tbird-1 kernel: [KERNEL_IB][ib_mad] ERROR: no path/route',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'kernel',
        host: 'tbird-1',
        message: '[KERNEL_IB][ib_mad] ERROR: no path/route',
        attributes: { label: 'VAPI', node: 'local@tbird-1' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'hpc',
    title: 'state changes of a high-performance cluster',
    after: 'start',
    first: '0-9',
    has: ' ',
    pattern:
      /^(?<log_id>\d{1,9}) (?<host>[a-zA-Z0-9]\S{0,100}) (?<component>[a-z_]\S{0,60}(?: partition)?) (?<state>[a-z_]\S{0,60}) (?<time>\d{9,10}) (?<flag>-?\d{1,3}) (?<message>.*)$/s,
    examples: [
      {
        text: '134681 node-246 unix.hw state_change.unavailable 1795946401 1 Component State Change: Component is in the unavailable state (HWID=1973)',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        host: 'node-246',
        message: 'Component State Change: Component is in the unavailable state (HWID=1973)',
        attributes: { log_id: 134681, component: 'unix.hw', state: 'state_change.unavailable', flag: 1 },
      },
    ],
  },
]
