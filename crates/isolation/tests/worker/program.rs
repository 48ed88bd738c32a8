//! A worker that does what its request says, for the tests of the pool.
#![allow(clippy::print_stdout, clippy::panic, clippy::unwrap_used, reason = "misbehaving is what it is for")]

use std::time::Duration;

use sluice_isolation::{WorkerLimits, serve};

fn main() {
    let (mut answered, mut poisoned) = (0, false);
    let limits =
        WorkerLimits { memory: 192 << 20, reserved: 64 << 20, processor_seconds: 2, ..WorkerLimits::default() };
    let result = serve(&limits, |request| {
        answered += 1;
        if poisoned {
            std::process::exit(3);
        }
        let text = String::from_utf8_lossy(request.get(..64).unwrap_or(&request)).into_owned();
        match text.split_once(' ').unwrap_or((&text, "")) {
            ("echo", _) => request,
            ("count", _) => answered.to_string().into_bytes(),
            ("process", _) => std::process::id().to_string().into_bytes(),
            ("large", size) => vec![b'x'; size.parse().unwrap()],
            ("panic", _) => panic!("as asked"),
            ("abort", _) => {
                eprintln!("about to abort");
                std::process::abort()
            }
            ("exit", _) => std::process::exit(7),
            ("hang", _) => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            ("spin", _) => loop {
                std::hint::spin_loop();
            },
            ("garbage", _) => {
                println!("not an answer");
                Vec::new()
            }
            // Answers, and leaves something behind that kills the next request.
            ("poison", _) => {
                poisoned = true;
                b"answered".to_vec()
            }
            ("noise", _) => {
                for _ in 0..20_000 {
                    eprintln!("{}", "e".repeat(100));
                }
                request
            }
            ("memory", _) => {
                let mut held: Vec<Vec<u8>> = Vec::new();
                loop {
                    held.push(vec![1; 8 << 20]);
                    if held.len() > 100_000 {
                        break Vec::new();
                    }
                }
            }
            // Until not even a little is left.
            ("crumbs", _) => {
                let mut held: Vec<Box<[u8; 4096]>> = Vec::with_capacity(1 << 20);
                while held.len() < 1 << 20 {
                    held.push(Box::new([1; 4096]));
                }
                Vec::new()
            }
            ("stack", _) => {
                // A large stack is reserved, not used: it must fit into what is reserved for it.
                let thread = std::thread::Builder::new().stack_size(48 << 20).spawn(|| 5).unwrap();
                thread.join().unwrap().to_string().into_bytes()
            }
            ("write", path) => match std::fs::write(path.trim_end(), b"content") {
                Ok(()) => b"written".to_vec(),
                Err(error) => error.to_string().into_bytes(),
            },
            ("environment", name) => std::env::var(name).unwrap_or_else(|_| "nothing".to_owned()).into_bytes(),
            _ => b"unknown".to_vec(),
        }
    });
    if let Err(error) = result {
        eprintln!("{error}");
        std::process::exit(2);
    }
}
