// Automation of infrastructure and homes.
import type { Level } from '../../line.ts'
import type { Fields, Format } from '../format.ts'

export const AUTOMATION: readonly Format[] = [
  {
    kind: 'text',
    name: 'home-assistant',
    title: 'Home Assistant',
    after: 'time',
    first: 'DIWEC',
    has: ') [',
    pattern:
      /^(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) \((?<thread>[^)]{1,100})\) \[(?<logger>[\w.-]{1,200})\] (?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01.123 ERROR (MainThread) [homeassistant.components.mqtt] Failed to connect to MQTT server',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Failed to connect to MQTT server',
        attributes: { thread: 'MainThread', logger: 'homeassistant.components.mqtt' },
      },
      {
        text: '2026-11-29 10:00:01.123 WARNING (SyncWorker_3) [homeassistant.loader] We found a custom integration hacs',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'We found a custom integration hacs',
        attributes: { thread: 'SyncWorker_3', logger: 'homeassistant.loader' },
      },
    ],
  },
  {
    kind: 'record',
    name: 'hclog-json',
    title: 'Terraform, Consul, Vault and Nomad with JSON',
    names: ['@level', '@message'],
    read: ({ '@level': level, '@message': message, '@module': module, ...rest }: Fields) => ({
      ...rest,
      level,
      message,
      ...(module === undefined ? {} : { module }),
    }),
    examples: [
      {
        text: '{"@level":"error","@message":"failed to dial","@module":"agent.server","@timestamp":"2026-11-29T10:00:01.123456Z","error":"connection refused"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'failed to dial',
        attributes: { module: 'agent.server', error: 'connection refused' },
      },
      {
        text: '{"@level":"info","@message":"Terraform 1.9.0","@module":"terraform.ui","@timestamp":"2026-11-29T10:00:01.123456Z","type":"version"}',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Terraform 1.9.0',
        attributes: { type: 'version', module: 'terraform.ui' },
      },
    ],
  },
  {
    kind: 'record',
    name: 'nextcloud',
    title: 'Nextcloud and ownCloud',
    names: ['reqId', 'level', 'app'],
    read: ({ level, ...rest }: Fields) => ({ ...rest, level: NEXTCLOUD[Number(level)] ?? level }),
    examples: [
      {
        text: '{"reqId":"a1","level":3,"time":"2026-11-29T10:00:01+00:00","remoteAddr":"10.0.0.1","user":"alice","app":"core","method":"GET","url":"/apps/files","message":"Could not get node","version":"30.0.1"}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'core',
        message: 'Could not get node',
        attributes: {
          reqId: 'a1',
          remoteAddr: '10.0.0.1',
          user: 'alice',
          method: 'GET',
          url: '/apps/files',
          version: '30.0.1',
        },
      },
      {
        text: '{"reqId":"a2","level":2,"time":"2026-11-29T11:00:01+01:00","remoteAddr":"10.0.0.1","user":"--","app":"core","method":"POST","url":"/login","message":"Login failed: alice","version":"30.0.1"}',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'core',
        message: 'Login failed: alice',
        attributes: {
          reqId: 'a2',
          remoteAddr: '10.0.0.1',
          user: '--',
          method: 'POST',
          url: '/login',
          version: '30.0.1',
        },
      },
      {
        text: '{"reqId":"a3","level":4,"time":"November 29, 2026","remoteAddr":"","app":"cron","message":"out of disk"}',
        level: 'fatal',
        time: null,
        source: 'cron',
        message: 'out of disk',
        attributes: { reqId: 'a3', remoteAddr: '', time: 'November 29, 2026' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'ansible',
    title: 'Ansible with log_path',
    after: 'time',
    first: 'p',
    has: '| ',
    pattern:
      /^p=(?<pid>\d{1,10}) u=(?<user>\S{1,60}) n=(?<logger>\S{1,60}) (?:(?<level>[A-Z]{4,8}))?\| {1,2}(?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01,123 p=42 u=root n=ansible | fatal: [web-1]: FAILED! => {"changed": false, "msg": "no space"}',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'fatal: [web-1]: FAILED! => {"changed": false, "msg": "no space"}',
        attributes: { pid: 42, user: 'root', logger: 'ansible' },
      },
      {
        text: '2026-11-29 10:00:01,123 p=42 u=root n=ansible INFO| ok: [web-1]',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'ok: [web-1]',
        attributes: { pid: 42, user: 'root', logger: 'ansible' },
      },
    ],
  },
]

const NEXTCLOUD: readonly Level[] = ['debug', 'info', 'warn', 'error', 'fatal']
