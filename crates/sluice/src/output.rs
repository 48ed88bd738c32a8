//! Where results go: standard output, or a file that appears whole or not at all.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::ColorChoice;
use tempfile::NamedTempFile;

use crate::cli::Color;
use crate::exit::Failure;

/// The widest that prose is set, in columns; longer lines are hard to read.
const MAX_WIDTH: usize = 120;
/// The width where there is no terminal, so that piped output is the same everywhere.
const PIPE_WIDTH: usize = 100;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Still there.
    Listens,
    /// Gone, as `head` is after its lines: there is nobody to write for, which is no error.
    Gone,
}

/// The place for the result of one run.
pub enum Output {
    /// Standard output.
    Stdout,
    /// A file beside the one that is wanted, put in its place at the end.
    Pending { file: NamedTempFile, target: PathBuf },
    /// Something that exists and is no regular file, such as a device: it is written to, never replaced.
    Direct { file: fs::File, target: PathBuf },
}

impl Output {
    /// Opens the place. A file that is wanted is not touched before [`Output::finish`].
    pub fn open(wanted: Option<&Path>) -> Result<Self, Failure> {
        let Some(wanted) = wanted else { return Ok(Self::Stdout) };
        let failed = |source| failure(wanted, source);
        // Through a link, the file it leads to is replaced and the link kept.
        let target = fs::canonicalize(wanted).unwrap_or_else(|_| wanted.to_path_buf());
        if fs::metadata(&target).is_ok_and(|meta| !meta.is_file()) {
            let file = fs::OpenOptions::new().write(true).open(&target).map_err(failed)?;
            return Ok(Self::Direct { file, target });
        }
        let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sluice-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What any new file gets; the process's mask takes away from it.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder).map_err(failed)?;
        Ok(Self::Pending { file, target })
    }

    /// Writes a piece of the result.
    pub fn write(&mut self, text: &str) -> Result<Reader, Failure> {
        match self {
            Self::Stdout => write_stdout(text),
            Self::Pending { file, target } => {
                file.write_all(text.as_bytes()).map(|()| Reader::Listens).map_err(|source| failure(target, source))
            }
            Self::Direct { file, target } => {
                file.write_all(text.as_bytes()).map(|()| Reader::Listens).map_err(|source| failure(target, source))
            }
        }
    }

    /// Puts the file in its place.
    pub fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout | Self::Direct { .. } => Ok(()),
            Self::Pending { file, target } => {
                file.as_file().sync_all().map_err(|source| failure(&target, source))?;
                file.persist(&target).map(|_| ()).map_err(|error| failure(&target, error.error))
            }
        }
    }

    /// True if text written here is to be colored.
    pub fn color(&self, wanted: Color) -> bool {
        match wanted {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                matches!(self, Self::Stdout) && anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never
            }
        }
    }

    /// Columns to wrap text at.
    pub fn width(&self) -> usize {
        if matches!(self, Self::Stdout) { stdout_width() } else { PIPE_WIDTH }
    }
}

/// Columns of standard output: the terminal's, within reason, or a fixed number where there is none.
pub fn stdout_width() -> usize {
    if !io::stdout().is_terminal() {
        return PIPE_WIDTH;
    }
    terminal_size::terminal_size().map_or(PIPE_WIDTH, |(width, _)| usize::from(width.0).min(MAX_WIDTH))
}

/// Writes to standard output and flushes it, so that a stream of results is one.
pub fn write_stdout(text: &str) -> Result<Reader, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Reader::Listens),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(source) => Err(Failure::Output { what: "standard output".to_owned(), source }),
    }
}

fn failure(path: &Path, source: io::Error) -> Failure {
    Failure::Output { what: format!("`{}`", path.display()), source }
}
