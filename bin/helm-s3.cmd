@echo off
setlocal
set "dist=%~dp0..\dist"
if not exist "%dist%\helm-s3.exe" goto bundle
rem Tried once: a program that does not start here leaves no mark, and the bundle is run in its place.
rem Never `if errorlevel 1`: the status of a program that the system ends is negative (a missing DLL, an unknown
rem instruction), and would count as success.
if exist "%dist%\cache\runs-here" goto program
"%dist%\helm-s3.exe" version >nul 2>nul
if not "%errorlevel%"=="0" goto bundle
if not exist "%dist%\cache" mkdir "%dist%\cache" 2>nul
type nul >"%dist%\cache\runs-here" 2>nul

:program
"%dist%\helm-s3.exe" %*
exit /b %errorlevel%

:bundle
if not exist "%dist%\helm-s3.cjs" goto missing
set "node=node"
if exist "%~dp0node.exe" set "node=%~dp0node.exe"
if defined HELM_S3_NODE set "node=%HELM_S3_NODE%"
"%node%" --version >nul 2>nul
if not "%errorlevel%"=="0" goto no_node
"%node%" --no-warnings "%dist%\helm-s3.cjs" %*
exit /b %errorlevel%

:missing
echo Error: helm-s3 is not built: run `npm ci ^&^& npm run build` in "%~dp0..">&2
exit /b 1

:no_node
echo Error: helm-s3 needs Node.js 20 or newer, and '%node%' does not start: install it, or set HELM_S3_NODE to its path>&2
exit /b 1
