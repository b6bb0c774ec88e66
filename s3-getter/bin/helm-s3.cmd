@echo off
setlocal
set /p main=<"%~dp0..\main"
"%~dp0%main%\bin\helm-s3.cmd" %*
