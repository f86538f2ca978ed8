# Sends log lines and objects to Vakt. PowerShell 5.1 or newer. UNTESTED: no PowerShell was at hand where this was written.
#   Import-Module ./VaktLog.psd1
#   Connect-Vakt -Url http://127.0.0.1:8080 -Key $env:VAKT_KEY -Source backup
#   Write-Vakt error 'backup failed' @{ disk = 'C:' } -ErrorRecord $_
#   Get-ChildItem | Copy-Item -Verbose 4>&1 | Send-VaktOutput

$script:Vakt = $null

function Get-VaktSetting([string] $Name, [int] $Default) {
    $value = 0
    if ([int]::TryParse([Environment]::GetEnvironmentVariable($Name), [ref] $value)) { $value } else { $Default }
}

# Sets where lines go; without it the variables VAKT_URL, VAKT_KEY, VAKT_SOURCE and VAKT_HOST are used.
function Connect-Vakt {
    param(
        [string] $Url = $env:VAKT_URL,
        [string] $Key = $env:VAKT_KEY,
        [string] $Source = $(if ($env:VAKT_SOURCE) { $env:VAKT_SOURCE } else { 'powershell' }),
        [string] $HostName = $(if ($env:VAKT_HOST) { $env:VAKT_HOST } else { [Environment]::MachineName })
    )
    $script:Vakt = @{
        Url = "$Url".TrimEnd('/'); Key = $Key; Source = $Source; HostName = $HostName
        Queue = [System.Collections.Generic.List[string]]::new(); Dropped = 0; Since = [DateTime]::UtcNow
    }
    # The last lines are sent when PowerShell ends.
    $null = Register-EngineEvent -SourceIdentifier PowerShell.Exiting -SupportEvent -Action { Send-VaktQueue }
}

# Queues one line; a batch is sent when 500 lines wait, when the oldest is a second old, and by Send-VaktQueue.
function Write-Vakt {
    param(
        [Parameter(Mandatory, Position = 0)] [ValidateSet('trace', 'debug', 'verbose', 'info', 'information', 'warn', 'warning', 'error', 'fatal')] [string] $Level,
        [Parameter(Mandatory, Position = 1)] [AllowEmptyString()] [string] $Message,
        [Parameter(Position = 2)] [System.Collections.IDictionary] $Fields = @{},
        [System.Management.Automation.ErrorRecord] $ErrorRecord
    )
    try {
        if (-not $script:Vakt) { Connect-Vakt }
        $names = @{ verbose = 'debug'; information = 'info'; warning = 'warn' }
        $attributes = @{}
        foreach ($name in $Fields.Keys) { $attributes["$name"] = ConvertTo-VaktValue $Fields[$name] 0 }
        $line = @{
            timestamp = [DateTime]::UtcNow.ToString('o'); level = $(if ($names[$Level]) { $names[$Level] } else { $Level })
            message = $Message; source = $script:Vakt.Source; host = $script:Vakt.HostName; attributes = $attributes
        }
        if ($ErrorRecord) {
            $line.stack = "$($ErrorRecord.Exception)`n$($ErrorRecord.ScriptStackTrace)"
            $attributes.error = @{
                type = $ErrorRecord.Exception.GetType().FullName; message = $ErrorRecord.Exception.Message
                id = $ErrorRecord.FullyQualifiedErrorId
            }
        }
        Add-VaktLine ($line | ConvertTo-Json -Depth 12 -Compress)
    }
    catch { Write-VaktComplaint "a log line was lost: $_" }
}

# Passes its input through and sends it as lines; errors, warnings and verbose records keep their level.
function Send-VaktOutput {
    param([Parameter(ValueFromPipeline)] $InputObject)
    process {
        $level = switch ($InputObject.GetType().Name) {
            'ErrorRecord' { 'error' } 'WarningRecord' { 'warn' } 'VerboseRecord' { 'debug' } 'DebugRecord' { 'debug' } default { 'info' }
        }
        if ($level -eq 'error') { Write-Vakt error "$InputObject" -ErrorRecord $InputObject } else { Write-Vakt $level "$InputObject" }
        $InputObject
    }
    end { Send-VaktQueue }
}

function ConvertTo-VaktValue($Value, [int] $Depth) {
    if ($null -eq $Value -or $Value -is [string] -or $Value -is [bool] -or $Value -is [int] -or $Value -is [long] -or $Value -is [decimal]) { return $Value }
    if ($Value -is [double] -or $Value -is [float]) {
        if ([double]::IsNaN($Value) -or [double]::IsInfinity($Value)) { return "$Value" } else { return $Value }
    }
    if ($Value -is [DateTime]) { return $Value.ToUniversalTime().ToString('o') }
    if ($Depth -ge 8) { return '...' }
    if ($Value -is [System.Collections.IDictionary]) {
        $fields = @{}
        foreach ($name in $Value.Keys) { $fields["$name"] = ConvertTo-VaktValue $Value[$name] ($Depth + 1) }
        return $fields
    }
    if ($Value -is [System.Collections.IEnumerable]) { return , @($Value | Select-Object -First 200 | ForEach-Object { ConvertTo-VaktValue $_ ($Depth + 1) }) }
    "$Value"
}

function Add-VaktLine([string] $Line) {
    $vakt = $script:Vakt
    if ($vakt.Queue.Count -ge (Get-VaktSetting VAKT_MAX_LINES 10000)) { $vakt.Dropped++; return }
    if ($vakt.Queue.Count -eq 0) { $vakt.Since = [DateTime]::UtcNow }
    $vakt.Queue.Add($Line)
    if ($vakt.Queue.Count -ge 500 -or ([DateTime]::UtcNow - $vakt.Since).TotalSeconds -ge 1) { Send-VaktQueue }
}

# Sends what waits. Every try of a batch has the same Idempotency-Key: Vakt stores a batch once, however often it arrives.
function Send-VaktQueue {
    $vakt = $script:Vakt
    if (-not $vakt) { return }
    $end = [DateTime]::UtcNow.AddMilliseconds((Get-VaktSetting VAKT_CLOSE_MS 5000))
    while ($vakt.Queue.Count -gt 0) {
        $count = [Math]::Min(500, $vakt.Queue.Count)
        $body = '[' + [string]::Join(',', $vakt.Queue.GetRange(0, $count)) + ']'
        $headers = @{ 'X-Api-Key' = $vakt.Key; 'Idempotency-Key' = [guid]::NewGuid().ToString() }
        $reason = Send-VaktBody $vakt $body $headers $end $count
        if ($reason) {
            # The lines wait for the next call.
            Write-VaktComplaint "$($vakt.Queue.Count) log lines wait: $reason"
            $vakt.Since = [DateTime]::UtcNow
            return
        }
        $vakt.Queue.RemoveRange(0, $count)
    }
    if ($vakt.Dropped -gt 0) {
        $dropped = $vakt.Dropped
        $vakt.Dropped = 0
        Write-VaktComplaint "$dropped log lines were dropped, because the queue was full"
        Write-Vakt warn "$dropped log lines were dropped, because the queue was full" @{ dropped = $dropped }
    }
}

# Gives nothing when Vakt has answered for good, else why it has not.
function Send-VaktBody($Vakt, [string] $Body, $Headers, [DateTime] $End, [int] $Count) {
    $retry = Get-VaktSetting VAKT_RETRY_MS 500
    for ($try = 0; ; $try++) {
        $pause = [Math]::Min((Get-VaktSetting VAKT_RETRY_MAX_MS 60000), $retry * [Math]::Pow(2, $try)) * (0.5 + (Get-Random -Maximum 500) / 1000)
        try {
            $answer = Invoke-RestMethod -Method Post -Uri "$($Vakt.Url)/api/logs" -Headers $Headers -ContentType 'application/json' `
                -Body ([Text.Encoding]::UTF8.GetBytes($Body)) -TimeoutSec ([Math]::Ceiling((Get-VaktSetting VAKT_TIMEOUT_MS 10000) / 1000))
            if ($answer.rejected -gt 0) {
                Write-VaktComplaint "$($answer.rejected) of $Count log lines were refused: $($answer.errors[0].field) $($answer.errors[0].message)"
            }
            return
        }
        catch {
            $status = [int] $_.Exception.Response.StatusCode
            $reason = if ($_.ErrorDetails.Message) { "$status $($_.ErrorDetails.Message)" } else { "$($_.Exception.Message)" }
            if ($status -ge 300 -and $status -lt 500 -and $status -notin 408, 425, 429) {
                Write-VaktComplaint "$Count log lines were refused: $reason"
                return
            }
            $after = 0.0
            if ([double]::TryParse("$($_.Exception.Response.Headers['Retry-After'])", [ref] $after)) { $pause = $after * 1000 }
        }
        if ([DateTime]::UtcNow.AddMilliseconds($pause) -ge $End) { return $reason }
        Start-Sleep -Milliseconds $pause
    }
}

function Write-VaktComplaint([string] $Text) {
    try { [Console]::Error.WriteLine("vakt: $Text") } catch { }
}

Export-ModuleMember -Function Connect-Vakt, Write-Vakt, Send-VaktOutput, Send-VaktQueue
