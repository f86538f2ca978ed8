// Windows: the event log as XML, JSON and text, and the logs of its setup.
import type { Level } from '../../line.ts'
import type { Fields, Format } from '../format.ts'

const LEVELS: { readonly [spelling: string]: Level } = {
  ...{ '0': 'info', '1': 'fatal', '2': 'error', '3': 'warn', '4': 'info', '5': 'debug' },
}

export const WINDOWS: readonly Format[] = [
  {
    kind: 'text',
    name: 'windows-event-xml',
    title: 'Windows events as XML',
    after: 'start',
    first: '<',
    has: '<System>',
    pattern:
      /^<Event\b(?=.{0,1000}?<Provider Name=['"](?<source>[^'"]{1,200})['"])(?=.{0,1500}?<EventID[^>]{0,60}>(?<event_id>\d{1,10})<)(?:(?=.{0,2000}?<Level>(?<level>\d)<)|)(?=.{0,3000}?SystemTime=['"](?<time>[^'"]{19,40})['"])(?:(?=.{0,4000}?<Channel>(?<channel>[^<]{1,200})<)|)(?:(?=.{0,4000}?<Computer>(?<host>[^<]{1,255})<)|)(?:.{0,30000}?<Message>(?<message>[^<]{1,20000})<)?/s,
    levels: LEVELS,
    examples: [
      {
        text: "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Service Control Manager' Guid='{1}'/><EventID Qualifiers='16384'>7036</EventID><Level>2</Level><TimeCreated SystemTime='2026-11-29T10:00:01.1234567Z'/><EventRecordID>7</EventRecordID><Channel>System</Channel><Computer>PC-1</Computer></System><RenderingInfo Culture='en-US'><Message>The cart service terminated unexpectedly.</Message></RenderingInfo></Event>",
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'Service Control Manager',
        host: 'PC-1',
        message: 'The cart service terminated unexpectedly.',
        attributes: { event_id: 7036, channel: 'System' },
      },
      {
        text: "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='disk'/><EventID>11</EventID><Level>3</Level><TimeCreated SystemTime='2026-11-29T10:00:01Z'/><Computer>PC-1</Computer></System></Event>",
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'disk',
        host: 'PC-1',
        message:
          "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='disk'/><EventID>11</EventID><Level>3</Level><TimeCreated SystemTime='2026-11-29T10:00:01Z'/><Computer>PC-1</Computer></System></Event>",
        attributes: { event_id: 11 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'cbs',
    title: 'CBS.log and DISM.log of Windows',
    after: 'time',
    first: 'IWEP',
    has: '  ',
    pattern: /^(?<level>Info|Warning|Error|Perf) {2,30}(?<component>[A-Z]{2,8}) {1,10}(?<message>.*)$/s,
    levels: { Perf: 'debug' },
    examples: [
      {
        text: '2026-11-29 10:00:01, Info                  CBS    Loaded Servicing Stack v6.1.7601.23505',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'Loaded Servicing Stack v6.1.7601.23505',
        attributes: { component: 'CBS' },
      },
      {
        text: '2026-11-29 10:00:01, Error                 CSI    00000001@2026/11/29:10:00:01.455 (F) failed',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '00000001@2026/11/29:10:00:01.455 (F) failed',
        attributes: { component: 'CSI' },
      },
      {
        text: '2026-11-29 10:00:01, Warning               DISM   DISM Provider Store: PID=42 Failed to load the provider',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'DISM Provider Store: PID=42 Failed to load the provider',
        attributes: { component: 'DISM' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'snare',
    title: 'Snare and other agents that send Windows events with tabs',
    after: 'start',
    first: 'M',
    has: 'MSWinEventLog',
    pattern:
      /^MSWinEventLog\t(?<criticality>\d)\t(?<channel>[^\t]{0,100})\t(?<counter>\d{1,12})\t(?<time>[^\t]{8,40})\t(?<event_id>\d{1,10})\t(?<source>[^\t]{1,200})\t(?<user>[^\t]{0,200})\t(?<sid_type>[^\t]{0,60})\t(?<level>[^\t]{3,30})\t(?<host>[^\t]{1,255})\t(?<category>[^\t]{0,100})\t(?<message>.*)$/s,
    levels: { 'Success Audit': 'info', 'Failure Audit': 'warn', Information: 'info' },
    examples: [
      {
        text: 'MSWinEventLog\t1\tSystem\t12\tSun Nov 29 10:00:01 2026\t7034\tService Control Manager\tN/A\tN/A\tError\tPC-1\tNone\tThe cart service terminated unexpectedly.',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'Service Control Manager',
        host: 'PC-1',
        message: 'The cart service terminated unexpectedly.',
        attributes: {
          criticality: 1,
          channel: 'System',
          counter: 12,
          event_id: 7034,
          user: 'N/A',
          sid_type: 'N/A',
          category: 'None',
        },
      },
      {
        text: '<13>Nov 29 10:00:01 PC-1 MSWinEventLog\t1\tSecurity\t12\tSun Nov 29 10:00:01 2026\t4625\tMicrosoft-Windows-Security-Auditing\teve\tN/A\tFailure Audit\tPC-1\tLogon\tAn account failed to log on.',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'Microsoft-Windows-Security-Auditing',
        host: 'PC-1',
        message: 'An account failed to log on.',
        attributes: {
          criticality: 1,
          channel: 'Security',
          counter: 12,
          event_id: 4625,
          user: 'eve',
          sid_type: 'N/A',
          category: 'Logon',
        },
      },
    ],
  },
  {
    kind: 'record',
    name: 'nxlog',
    title: 'NXLog with Windows events',
    names: ['EventTime', 'SourceName'],
    read: ({ SourceName, EventTime, Hostname, Severity, ...rest }: Fields) => ({
      ...rest,
      source: SourceName,
      timestamp: EventTime,
      ...(Hostname === undefined ? {} : { host: Hostname }),
      ...(Severity === undefined ? {} : { level: Severity }),
    }),
    examples: [
      {
        text: '{"EventTime":"2026-11-29 10:00:01","Hostname":"PC-1","Severity":"ERROR","SeverityValue":4,"EventID":7034,"SourceName":"Service Control Manager","Channel":"System","Message":"The cart service terminated unexpectedly."}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'Service Control Manager',
        host: 'PC-1',
        message: 'The cart service terminated unexpectedly.',
        attributes: { SeverityValue: 4, EventID: 7034, Channel: 'System' },
      },
    ],
  },
  {
    kind: 'record',
    name: 'winlogbeat',
    title: 'Winlogbeat and Elastic Agent',
    names: ['winlog', 'message'],
    read: ({ winlog, ...rest }: Fields) => {
      if (typeof winlog !== 'object' || winlog === null) return null
      const { provider_name, computer_name, event_id } = winlog as Fields
      return {
        ...rest,
        winlog,
        ...(event_id === undefined ? {} : { event_id }),
        ...(provider_name === undefined ? {} : { source: provider_name }),
        ...(computer_name === undefined ? {} : { host: computer_name }),
      }
    },
    examples: [
      {
        text: '{"@timestamp":"2026-11-29T10:00:01.123Z","winlog":{"provider_name":"Service Control Manager","computer_name":"PC-1","event_id":7034,"channel":"System"},"log":{"level":"error"},"message":"The cart service terminated unexpectedly.","agent":{"type":"winlogbeat"}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'Service Control Manager',
        host: 'PC-1',
        message: 'The cart service terminated unexpectedly.',
        attributes: {
          agent: { type: 'winlogbeat' },
          log: { level: 'error' },
          winlog: {
            provider_name: 'Service Control Manager',
            computer_name: 'PC-1',
            event_id: 7034,
            channel: 'System',
          },
          event_id: 7034,
        },
      },
    ],
  },
]
