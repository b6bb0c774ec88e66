@echo off
setlocal
for /f "usebackq delims=" %%m in ("%~dp0..\main") do set "main=%%m"
"%~dp0%main%\bin\helm-s3.cmd" %*
