@{
    RootModule        = 'VaktLog.psm1'
    ModuleVersion     = '0.1.0'
    GUID              = '0b0c6f3e-6a41-4a83-9d5e-5d8f3a1f7c21'
    Author            = 'Vakt'
    Description       = 'Sends log lines and objects to Vakt'
    PowerShellVersion = '5.1'
    FunctionsToExport = @('Connect-Vakt', 'Write-Vakt', 'Send-VaktOutput', 'Send-VaktQueue')
    CmdletsToExport   = @()
    AliasesToExport   = @()
}
