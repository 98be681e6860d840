//! Two network namespaces and a link between them, which go away with the processes that hold them.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// A process that ends with whoever started it.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The client's namespace, where the sensor listens, and the server's: 10.0.0.1 on [`IFACE`], and 10.0.0.2.
///
/// Neither has a name: what holds one is a `cat` in it. Without it the system takes it away, with its interfaces.
pub(crate) struct Link {
    client: Running,
    server: Running,
    /// Whether they belong to a user namespace of their own, as those of others than the superuser have to.
    in_user_namespace: bool,
}

/// Where the sensor listens.
pub(crate) const IFACE: &str = "span0";

impl Link {
    /// Makes it; says why if that cannot be done here.
    pub(crate) fn new() -> Result<Self, String> {
        let (client, in_user_namespace) = match hold(Command::new("unshare").arg("-n")) {
            Ok(client) => (client, false),
            Err(_) => (hold(Command::new("unshare").arg("-Urn"))?, true),
        };
        let server = hold(enter(&client, in_user_namespace, "unshare").arg("-n"))?;
        let link = Self { client, server, in_user_namespace };
        let peer = link.server.0.id();
        link.ip(&format!("link add {IFACE} type veth peer name eth0 netns {peer}"))?;
        link.ip(&format!("address add 10.0.0.1/24 dev {IFACE}"))?;
        link.ip(&format!("link set {IFACE} up"))?;
        for arguments in ["address add 10.0.0.2/24 dev eth0", "link set eth0 up"] {
            run(link.at_server("ip").args(arguments.split(' ')))?;
        }
        Ok(link)
    }

    /// `program`, to be run in the client's namespace.
    pub(crate) fn at_client(&self, program: &str) -> Command {
        enter(&self.client, self.in_user_namespace, program)
    }

    /// `program`, to be run in the server's namespace.
    pub(crate) fn at_server(&self, program: &str) -> Command {
        enter(&self.server, self.in_user_namespace, program)
    }

    /// Runs `ip` in the client's namespace.
    pub(crate) fn ip(&self, arguments: &str) -> Result<(), String> {
        run(self.at_client("ip").args(arguments.split(' ')))
    }
}

/// Starts `cat` in the namespace that `command` makes, and waits until it is there.
fn hold(command: &mut Command) -> Result<Running, String> {
    let said = |error: io::Error| format!("unshare: {error}");
    command.arg("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut holder = Running(command.spawn().map_err(said)?);
    let (stdin, stdout) = (holder.0.stdin.as_mut().unwrap(), holder.0.stdout.as_mut().unwrap());
    let mut line = String::new();
    writeln!(stdin, "ready").map_err(said)?;
    BufReader::new(stdout).read_line(&mut line).map_err(said)?;
    if line.is_empty() { Err("unshare: no network namespaces here".to_owned()) } else { Ok(holder) }
}

fn enter(holder: &Running, in_user_namespace: bool, program: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--net", "--target", &holder.0.id().to_string()]);
    if in_user_namespace {
        command.args(["--user", "--preserve-credentials"]);
    }
    command.arg(program);
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}
