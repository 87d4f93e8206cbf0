/** CPU time of this process and its threads in milliseconds, of which the load of the machine takes nothing. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
