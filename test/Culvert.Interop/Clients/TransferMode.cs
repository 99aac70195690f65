namespace Culvert.Interop.Clients;

/// <summary>The four ways in which an FTP client arranges a data connection.</summary>
internal enum TransferMode
{
    Pasv,
    Epsv,
    Port,
    Eprt,
}
